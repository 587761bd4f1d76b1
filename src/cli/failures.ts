import type { Ending } from '../dispatcher/progress.js';
import { describeOutcome } from '../job/outcome.js';
import { parseEntryName } from '../queue/entry-name.js';
import { parseJournal } from '../queue/journal.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

/** Bytes read from each journal's end. */
const tail = 64 * 1024;
/** Journals looked into: those written last. */
const journalsRead = 32;

/** The newest failures that stand, newest first. Reads the ends of a few journals: the cost does not grow. */
export function newestFailures({ layout }: Project, files: Files, most: number): Ending[] {
  const journals = (perform(files, list(layout.journal)) ?? [])
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => ({
      path: `${layout.journal}/${name}`,
      at: files.changedAt(`${layout.journal}/${name}`) ?? 0,
    }))
    .sort((a, b) => b.at - a.at)
    .slice(0, journalsRead);
  const failures: Ending[] = [];
  for (const { path } of journals) {
    const offset = Math.max(0, (files.size(path) ?? 0) - tail);
    const text = Buffer.from(files.readFrom(path, offset, tail) ?? '').toString('utf8');
    for (const line of parseJournal(text))
      if ((line.event === 'finish' || line.event === 'verdict') && line.to === 'failed') failures.push(line);
  }
  failures.sort((a, b) => (a.time < b.time ? 1 : -1));
  const entries = new Set<string>();
  // A line counts only if its name stands there.
  return failures
    .filter(({ entry }) => !entries.has(entry) && entries.add(entry))
    .filter(({ entry }) => files.exists(layout.finished('failed', entry)))
    .slice(0, most);
}

export function describeEnding({ entry, outcome, time }: Ending): string {
  return `${time.slice(0, 19).replace('T', ' ')}  ${parseEntryName(entry).job}: ${describeOutcome(outcome)}`;
}
