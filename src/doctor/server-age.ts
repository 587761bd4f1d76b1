import { FjrError } from '../job/fjr-error.js';
import type { DoctorSystem, Patient } from './patient.js';

/**
 * How old things are, in seconds, by the file server's own clock: both ends of the time are told by it, so it matters
 * to nobody how this host's is set. Undefined: it is not there, or nothing can be written that would tell the present.
 */
export function ageBy(
  { files, clock }: DoctorSystem,
  { layout }: Patient,
): (path: string) => number | undefined {
  const ahead = tolerant(() => files.serverAhead(layout.root));
  return (path) => {
    // Through an open file where it is one: network filesystems look anew only then.
    const changed = tolerant(() => {
      const inspected = files.inspect(path, 0);
      return inspected.kind === 'file' ? inspected.mtimeMs : files.changedAt(path);
    });
    if (changed === undefined || ahead === undefined) return undefined;
    return Math.max(0, clock.wall() + ahead - changed) / 1000;
  };
}

function tolerant<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof FjrError) return undefined;
    throw error;
  }
}
