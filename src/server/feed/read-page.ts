import { FjrError } from '../../job/fjr-error.js';
import { shorten } from '../../job/shorten.js';
import { type Key, compareKeys } from './job-order.js';
import type { JobRecord } from './job-record.js';

/** Records that a search looks at for one page: some milliseconds. */
const mostLooks = 200_000;

export interface RecordPage {
  readonly records: readonly JobRecord[];
  readonly next: string | undefined;
}

/** One run on its way from the newest record to the oldest. */
interface Finger {
  readonly run: readonly JobRecord[];
  at: number;
}

/**
 * The newest records of several sorted runs that are accepted, from a cursor on. The cursor is the key of the next
 * record: it means the same after that has changed its place, in another server, and after a restart.
 */
export function readPage(
  runs: readonly (readonly JobRecord[])[],
  accept: (record: JobRecord) => boolean,
  limit: number,
  after: string | undefined,
): RecordPage {
  const from = after === undefined ? undefined : parseCursor(after);
  const fingers: Finger[] = runs.map((run) => ({
    run,
    at: (from === undefined ? run.length : countUpTo(run, from)) - 1,
  }));
  const looks = { left: mostLooks };
  for (const finger of fingers) settle(finger, accept, looks);
  const records: JobRecord[] = [];
  for (;;) {
    const newest = newestOf(fingers);
    const record = newest?.run[newest.at];
    if (newest === undefined || record === undefined) return { records, next: undefined };
    if (records.length >= limit || looks.left <= 0) return { records, next: formatCursor(record) };
    records.push(record);
    newest.at -= 1;
    settle(newest, accept, looks);
  }
}

/** Down to the next record that is accepted; or wherever it stands when there were too many looks. */
function settle(finger: Finger, accept: (record: JobRecord) => boolean, looks: { left: number }): void {
  for (; finger.at >= 0 && looks.left > 0; finger.at -= 1) {
    looks.left -= 1;
    const record = finger.run[finger.at];
    if (record?.gone === false && accept(record)) return;
  }
}

function newestOf(fingers: readonly Finger[]): Finger | undefined {
  let newest: Finger | undefined;
  let best: JobRecord | undefined;
  for (const finger of fingers) {
    const record = finger.run[finger.at];
    if (record === undefined || (best !== undefined && compareKeys(record, best) < 0)) continue;
    [newest, best] = [finger, record];
  }
  return newest;
}

/** How many records of a run have at most this key. */
function countUpTo(run: readonly JobRecord[], key: Key): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = run[middle];
    if (record !== undefined && compareKeys(record, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function formatCursor({ changed, id }: Key): string {
  return Buffer.from(`${changed} ${id}`).toString('base64url');
}

function parseCursor(text: string): Key {
  const [, changed, id] = /^(\d{1,16}) (.+)$/s.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (changed !== undefined && id !== undefined) return { changed: Number(changed), id };
  throw new FjrError('usage', `"${shorten(text)}" is no cursor`, {
    hint: 'give what the page before says is next, or nothing',
  });
}
