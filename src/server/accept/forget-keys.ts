import { setTimeout } from 'node:timers/promises';
import { carryOut } from '../../queue/perform.js';
import { unlink } from '../../queue/steps.js';
import type { Token } from '../../queue/token.js';
import { describeFailure } from '../describe-failure.js';
import { Breather } from '../feed/breather.js';
import { forget, readRecord } from './key-record.js';
import type { AcceptDesk } from './submission.js';

/** Milliseconds for which keys are known, at least; up to a round more. */
const lifetime = 24 * 3_600_000;
/** Milliseconds between two rounds. */
const pause = 3_600_000;

type Desk = Pick<AcceptDesk, 'served' | 'paths' | 'index'>;

/** Forgets keys whose clients have given up long ago: now, and every hour until the server is told to end. */
export async function forgetKeys(desk: Desk): Promise<void> {
  const { closing, remark } = desk.served;
  while (!closing.aborted) {
    try {
      await forgetOld(desk, desk.index.now - lifetime);
    } catch (error) {
      // A file server that is away comes back.
      remark(describeFailure(error));
    }
    await setTimeout(pause, undefined, { signal: closing, ref: false }).catch(() => undefined);
  }
}

/** Those from before, and what servers have left that were killed before there was a record, or while they forgot one. */
async function forgetOld({ served, paths }: Desk, before: number): Promise<void> {
  const { files, durable } = served;
  const old: { key: string; token: Token }[] = [];
  const breather = new Breather(served.clock);
  for await (const names of served.listing(paths.keys))
    for (const name of names) {
      const path = `${paths.keys}/${name}`;
      const changed = files.changedAt(path) ?? Infinity;
      const [, key] = /^([0-9a-f]{64})\.json$/.exec(name) ?? [];
      if (key === undefined && changed < before - lifetime) await carryOut(durable, unlink(path));
      const record =
        key !== undefined && changed < before ? await carryOut(durable, readRecord(paths, key)) : undefined;
      if (key !== undefined && record !== undefined) old.push({ key, token: record.token });
      await breather.breathe();
    }
  await carryOut(durable, forget(paths, old));
}
