import { carryOut } from '../../queue/perform.js';
import { unlink } from '../../queue/steps.js';
import type { Token } from '../../queue/token.js';
import { Breather } from '../feed/breather.js';
import { forget, readRecord } from './key-record.js';
import type { AcceptDesk } from './submission.js';

/** Milliseconds for which keys are known, at least. */
const lifetime = 24 * 3_600_000;

/**
 * Forgets keys whose clients have given up long ago, and removes what servers have left that were killed before there was a
 * record, or while they forgot one. `now`: by the file server's clock.
 */
export async function forgetKeys(
  { served, paths }: Pick<AcceptDesk, 'served' | 'paths'>,
  now: number,
): Promise<void> {
  const { files, durable } = served;
  const before = now - lifetime;
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
