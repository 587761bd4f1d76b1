import { localPace } from '../../src/queue/pace.js';
import { thisHost } from '../../src/cli/compose.js';
import type { Served } from '../../src/server/served.js';
import { systemClock } from '../../src/system/clock.js';
import { listInPieces } from '../../src/system/listing.js';
import { mountedStaging } from '../../src/system/staging.js';
import { mountedTrees } from '../../src/system/trees.js';
import { systemDoorbells } from '../../src/system/watcher.js';

type Given = Pick<Served, 'layout' | 'files' | 'durable' | 'closing'>;

/** What a part of a server works with that is tried by itself. */
export function servedBy(given: Given & Partial<Served>): Served {
  return {
    ...{ project: 'default', version: '0', page: '/nowhere', jobspecs: given.layout.jobspecs },
    ...{ trees: mountedTrees, staging: mountedStaging, clock: systemClock, doorbells: systemDoorbells },
    ...{ pace: localPace, isShared: false, listing: listInPieces, webhooks: [], store: undefined },
    writer: 'user-here',
    host: thisHost(),
    workers: {
      ...{ files: given.layout.files, lease: 300, retries: 2, retryDifferent: true },
      uploadLimit: 2 ** 40,
    },
    publicUrl: undefined,
    resolveDirectory: () => '/nowhere',
    takeLock: () => Promise.reject(new Error('nobody asks')),
    breakLock: () => undefined,
    lastly: () => undefined,
    tell: () => Promise.resolve(),
    remark: (line) => {
      throw new Error(line);
    },
    ...given,
  };
}
