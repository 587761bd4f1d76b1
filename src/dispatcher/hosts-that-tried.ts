import { parseEntryName } from '../queue/entry-name.js';
import { JournalReader } from '../queue/journal-reader.js';
import { type Layout, hostOf, parseCrewId } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';

/** Hosts whose crews have started a job. Reads all journals: only for what was lost before, and is not to go there again. */
export function hostsThatTried(files: Files, layout: Layout, job: string): Set<string> {
  const reader = new JournalReader(files, layout);
  const hosts = new Set<string>();
  for (const name of perform(files, list(layout.journal)) ?? []) {
    const crew = name.endsWith('.jsonl') ? parseCrewId(name.slice(0, -'.jsonl'.length)) : undefined;
    if (crew === undefined || hosts.has(hostOf(crew))) continue;
    const isIts = [...reader.read(name), ...reader.readFresh(name)].some(
      (line) => line.event === 'start' && parseEntryName(line.entry).job === job,
    );
    if (isIts) hosts.add(hostOf(crew));
  }
  return hosts;
}
