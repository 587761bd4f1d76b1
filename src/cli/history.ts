import { JournalReader } from '../queue/journal-reader.js';
import type { JournalLine } from '../queue/journal.js';
import { parseEntryName } from '../queue/entry-name.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

/** What the journals say of one job: every execution, oldest first, with the journal it stands in. */
export type HistoryLine = { readonly journal: string } & Exclude<
  Extract<JournalLine, { entry: string }>,
  { event: 'slice' }
>;

/** Reads all journals: in proportion to all that ever ran, so only for somebody who asks about one job. */
export function historyOf({ layout }: Project, files: Files, job: string): HistoryLine[] {
  const reader = new JournalReader(files, layout);
  const lines: HistoryLine[] = [];
  for (const name of perform(files, list(layout.journal)) ?? []) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of [...reader.read(name), ...reader.readFresh(name)])
      if ('entry' in line && line.event !== 'slice' && parseEntryName(line.entry).job === job)
        lines.push({ journal: name, ...line });
  }
  return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}
