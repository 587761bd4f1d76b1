import type { Layout } from '../queue/layout.js';
import type { Pace } from '../queue/pace.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Lock } from '../system/lock.js';
import type { Trees } from '../system/trees.js';
import type { Doorbells } from '../system/watcher.js';
import type { Store } from './stores/store.js';
import type { Webhook } from './webhooks/webhook.js';

/** The project that a server opens to others, and what it needs of the outside world for that. */
export interface Served {
  readonly layout: Layout;
  /** Where the specs are. */
  readonly jobspecs: string;
  /** The directory of the files that are the page. */
  readonly page: string;
  readonly files: Files;
  readonly trees: Trees;
  readonly clock: Clock;
  readonly doorbells: Doorbells;
  /** How often the directories are looked at. */
  readonly pace: Pace;
  /** Whether other hosts change the same filesystem, of which no doorbell tells. */
  readonly isShared: boolean;
  /** The names in a directory, in pieces: see system/listing.ts. */
  readonly listing: (path: string) => AsyncIterable<readonly string[]>;
  /** Aborted when the server is told to end: whoever waits, or answers without an end, comes to an end then. */
  readonly closing: AbortSignal;
  /** Who is to be told when jobs end. */
  readonly webhooks: readonly Webhook[];
  /** Where artifacts go when their job has ended; undefined: they stay in the project's directory. */
  readonly store: Store | undefined;
  /** See system/lock.ts. */
  readonly takeLock: (path: string, onLost: () => void) => Promise<Lock>;
  readonly breakLock: (path: string, content: string) => void;
  /** What is to be brought to an end before the server ends. */
  readonly lastly: (task: Promise<void>) => void;
  /** Tells dispatchers on other hosts what is new in the queue; nothing rests on it. */
  readonly tell: (names: readonly string[]) => Promise<void>;
  /** A line for whoever runs the server. */
  readonly remark: (line: string) => void;
}
