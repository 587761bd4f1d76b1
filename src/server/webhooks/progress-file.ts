import { createHash } from 'node:crypto';
import { perform } from '../../queue/perform.js';
import { read } from '../../queue/steps.js';
import { newToken } from '../../queue/token.js';
import type { Files } from '../../system/files.js';
import { replaceFile } from '../place-file.js';
import type { ServerPaths } from '../server-paths.js';
import type { Message } from './message.js';
import { type Webhook, shownUrl } from './webhook.js';

/** How far a receiver has been told. */
export interface Progress {
  /** All that had ended before is among `waiting`, or was told. By the file server's clock. */
  readonly watermark: number;
  /** Of what ended since: the ids of what was told or is waiting, and when that was noted by the same clock. */
  readonly taken: Readonly<Record<string, number>>;
  readonly waiting: readonly Message[];
  /** The receiver has said that it wants no more. */
  readonly gone: boolean;
}

export function progressKey({ url }: Pick<Webhook, 'url'>): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}

/** Undefined: there is none. What is damaged counts as none: its receiver is told of what ends from now on. */
export function readProgress(files: Files, paths: ServerPaths, webhook: Webhook): Progress | undefined {
  const bytes = perform(files, read(paths.webhook(progressKey(webhook))));
  try {
    const value = JSON.parse(Buffer.from(bytes ?? '').toString('utf8')) as Partial<Progress>;
    const { watermark, taken = {}, waiting = [], gone = false } = value;
    return typeof watermark === 'number' ? { watermark, taken, waiting, gone } : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces it as a whole. One server writes, the one with the lock; another reads what it finds. */
export function writeProgress(files: Files, paths: ServerPaths, webhook: Webhook, progress: Progress): void {
  const content = `${JSON.stringify({ to: shownUrl(webhook.url), ...progress })}\n`;
  perform(files, replaceFile(paths, paths.webhook(progressKey(webhook)), content, newToken()));
}
