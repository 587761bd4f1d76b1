import { historyOf } from '../queue/job-history.js';
import { type Layout, hostOf, parseCrewId } from '../queue/layout.js';
import type { Files } from '../system/files.js';

/**
 * Hosts whose crews have started a job, which has been there since `since` (milliseconds since 1970). Journals are looked
 * through: only for what was lost before, and is not to go there again.
 */
export function hostsThatTried(files: Files, layout: Layout, job: string, since: number): Set<string> {
  const hosts = new Set<string>();
  for (const lines of historyOf(files, layout, job, since))
    for (const { journal, event } of lines) {
      const crew = parseCrewId(journal.replace(/\.jsonl$/, ''));
      if (event === 'start' && crew !== undefined) hosts.add(hostOf(crew));
    }
  return hosts;
}
