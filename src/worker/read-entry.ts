import type { Job } from '../job/job.js';
import { readJob } from '../job/read-job.js';
import { JobFileError } from '../job/settings.js';
import type { Inspected } from '../system/files.js';

export type ReadEntry =
  | { readonly kind: 'job'; readonly job: Job }
  /** It turned out not to be a job, although its dispatcher thought so. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'missing' };

export function readEntry(inspected: Inspected): ReadEntry {
  switch (inspected.kind) {
    case 'missing':
      return { kind: 'missing' };
    case 'other':
      return { kind: 'refused', reason: `it is ${inspected.what}, not a file` };
    case 'unreadable':
      return { kind: 'refused', reason: `it cannot be read: ${inspected.reason}` };
    case 'file':
      try {
        return { kind: 'job', job: readJob(inspected) };
      } catch (error) {
        if (error instanceof JobFileError) return { kind: 'refused', reason: error.message };
        throw error;
      }
  }
}

/** Whether a file changed between two looks: then somebody still writes it. */
export function hasChanged(before: Inspected, after: Inspected): boolean {
  if (before.kind !== 'file' || after.kind !== 'file') return false;
  return before.size !== after.size || before.mtimeMs !== after.mtimeMs;
}
