import { setTimeout } from 'node:timers/promises';
import { carryOut } from '../../queue/perform.js';
import { unlink } from '../../queue/steps.js';
import type { Token } from '../../queue/token.js';
import { describeFailure } from '../describe-failure.js';
import { Breather } from '../feed/breather.js';
import { readRecord } from './key-record.js';
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

/**
 * Records go first, and for good, then the files of jobs that were never started: a file without a record is garbage,
 * a record without its file would say that the job was started.
 */
async function forgetOld(desk: Desk, before: number): Promise<void> {
  const { served, paths } = desk;
  const { files, durable } = served;
  const tokens: Token[] = [];
  const breather = new Breather(served.clock);
  for await (const names of served.listing(paths.keys))
    for (const name of names) {
      if (served.closing.aborted) return;
      const path = `${paths.keys}/${name}`;
      const changed = files.changedAt(path) ?? Infinity;
      const [, key] = /^([0-9a-f]{64})\.json$/.exec(name) ?? [];
      if (key !== undefined && changed < before) {
        const record = await carryOut(durable, readRecord(paths, key));
        await carryOut(durable, unlink(path));
        if (record !== undefined) tokens.push(record.token);
        // Of a server that was killed before there was a record, or while it forgot one.
      } else if (key === undefined && changed < before - lifetime) await carryOut(durable, unlink(path));
      await breather.breathe();
    }
  await durable.settle(paths.keys);
  for (const token of tokens) await carryOut(durable, unlink(paths.aside(token)));
}
