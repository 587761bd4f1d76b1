import type { Files } from '../system/files.js';
import { parseEntryName } from './entry-name.js';
import { type JournalLine, parseJournal } from './journal.js';
import type { Layout } from './layout.js';
import { perform } from './perform.js';
import { list } from './steps.js';

type EntryLine = Exclude<Extract<JournalLine, { entry: string }>, { event: 'slice' }>;

/** What the journals say of one job: every execution, with the journal it stands in. */
export type HistoryLine = { readonly journal: string } & EntryLine;

/** Bytes of a journal that are looked at in one go. */
const chunk = 1024 * 1024;
/** Bytes in which a whole line is found; longer ones are passed over. */
const sample = 64 * 1024;
/** Clocks of hosts are not farther apart. Milliseconds. */
const mostSkew = 3_600_000;

/**
 * Looks through the journals for one job, a piece of them for each step. Journals are as long as all that ever ran, so
 * that only lines with the job's name are taken apart, and what was written before `since` (milliseconds since 1970)
 * need not be read: each journal is in the order of time, by the clock of its writer.
 */
export function* historyOf(
  files: Files,
  layout: Layout,
  job: string,
  since = -Infinity,
): Generator<readonly HistoryLine[]> {
  // As it begins in a line: what stands behind it there is a token, or the rest of the name.
  const start = JSON.stringify(stemOf(job)).slice(0, -1);
  const needle = Buffer.from(`"entry":${start}`);
  for (const journal of perform(files, list(layout.journal)) ?? []) {
    const path = `${layout.journal}/${journal}`;
    if (!journal.endsWith('.jsonl')) continue;
    files.refresh(path);
    if ((files.changedAt(path) ?? 0) < since - mostSkew) continue;
    let offset = since === -Infinity ? 0 : offsetOf(files, path, since - mostSkew);
    for (let bytes; (bytes = files.readFrom(path, offset, chunk)) !== undefined;) {
      const end = bytes.lastIndexOf(0x0a) + 1;
      yield linesOf(bytes.subarray(0, end), needle, job).map((line) => ({ journal, ...line }));
      if (bytes.length < chunk) break;
      // A line longer than that is none of ours.
      offset += end === 0 ? chunk : end;
    }
  }
}

function stemOf(job: string): string {
  const dot = job.lastIndexOf('.');
  return dot > 0 ? job.slice(0, dot) : job;
}

function linesOf(bytes: Uint8Array, needle: Buffer, job: string): EntryLine[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: EntryLine[] = [];
  for (let at = text.indexOf(needle); at >= 0;) {
    const end = text.indexOf(0x0a, at);
    const line = text.toString('utf8', text.lastIndexOf(0x0a, at) + 1, end);
    for (const parsed of parseJournal(line))
      if ('entry' in parsed && parsed.event !== 'slice' && parseEntryName(parsed.entry).job === job)
        found.push(parsed);
    at = text.indexOf(needle, end);
  }
  return found;
}

/** Where the first line that is not older than `time` begins, or some way before it. */
function offsetOf(files: Files, path: string, time: number): number {
  let low = 0;
  let high = files.size(path) ?? 0;
  while (high - low > chunk) {
    const middle = Math.floor((low + high) / 2);
    const line = firstLine(files.readFrom(path, middle, sample) ?? new Uint8Array());
    if (line === undefined || Date.parse(line.time) >= time) high = middle;
    else low = middle + line.start;
  }
  return low;
}

/** The first whole line of a piece of a journal. */
function firstLine(bytes: Uint8Array): { readonly start: number; readonly time: string } | undefined {
  const start = bytes.indexOf(0x0a) + 1;
  const end = bytes.indexOf(0x0a, start);
  if (start === 0 || end < 0) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end);
  const [line] = parseJournal(text);
  return line === undefined ? undefined : { start, time: line.time };
}
