import { isIgnored, parseEntryName } from '../queue/entry-name.js';
import type { Layout, Verdict } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';

/** The newest outcome of each of some jobs, looked up in `done` and `failed`: one listing of each, whatever is asked. */
export function newestOutcomes(
  files: Files,
  layout: Layout,
  jobs: ReadonlySet<string>,
): Map<string, Verdict> {
  const newest = new Map<string, { verdict: Verdict; at: number }>();
  for (const verdict of ['done', 'failed'] as const) {
    for (const name of perform(files, list(layout[verdict])) ?? []) {
      if (isIgnored(name)) continue;
      const { job } = parseEntryName(name);
      if (!jobs.has(job)) continue;
      // Both times are the file server's: no two clocks are compared.
      const at = files.movedAt(layout.finished(verdict, name)) ?? 0;
      if (at > (newest.get(job)?.at ?? -1)) newest.set(job, { verdict, at });
    }
  }
  return new Map([...newest].map(([job, { verdict }]) => [job, verdict]));
}
