import { FjrError } from '../job/fjr-error.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { create, unlink } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';
import type { CrewReport } from './crews-here.js';

/**
 * Seconds since each crew's last heartbeat. Both ends are told by the file server's clock (a file made this moment is
 * the present), so it matters to nobody how the clocks of the hosts are set. For people who look once: to decide,
 * dispatchers watch for a lease. A crew without a heartbeat has no age, and none has where nothing can be written.
 */
export function heartbeatAges(
  files: Files,
  layout: Layout,
  crews: readonly CrewReport[],
): ReadonlyMap<CrewId, number> {
  const ages = new Map<CrewId, number>();
  const now = crews.length === 0 ? undefined : serverTime(files, layout.probe(newToken()));
  if (now === undefined) return ages;
  for (const { crew } of crews) {
    const beaten = changedAt(files, layout.pod(crew).heartbeat);
    if (beaten !== undefined) ages.set(crew, Math.max(0, now - beaten) / 1000);
  }
  return ages;
}

/** Milliseconds since 1970. */
function serverTime(files: Files, probe: string): number | undefined {
  try {
    perform(files, create(probe, '\n'));
    const now = changedAt(files, probe);
    perform(files, unlink(probe));
    return now;
  } catch (error) {
    if (error instanceof FjrError) return undefined;
    throw error;
  }
}

/** Through an open file: network filesystems look anew only then, and a stat by name may tell how it was a minute ago. */
function changedAt(files: Files, path: string): number | undefined {
  const inspected = files.inspect(path, 0);
  return inspected.kind === 'file' ? inspected.mtimeMs : undefined;
}

/** Older than its lease: whoever watches it will find it dead, unless its heart beats again. */
export function isStale({ file }: CrewReport, age: number | undefined): boolean {
  return age !== undefined && age > file.lease;
}
