import type { Layout } from '../queue/layout.js';
import type { Pace } from '../queue/pace.js';
import type { Clock } from '../system/clock.js';
import type { DurableFiles } from '../system/durable-files.js';
import type { Files } from '../system/files.js';
import type { Staging } from '../system/staging.js';
import type { Host } from '../system/host.js';
import type { Lock } from '../system/lock.js';
import type { Trees } from '../system/trees.js';
import type { Doorbells } from '../system/watcher.js';
import type { Store } from './stores/store.js';
import type { Webhook } from './webhooks/webhook.js';

/** Workers that share nothing with the project. */
export interface WorkerSettings {
  /** The directory of files that DECODE's jobs name. */
  readonly files: string;
  /** Seconds of silence after which a worker has lost its job. */
  readonly lease: number;
  /** How often a job may be lost and go to somebody else. */
  readonly retries: number;
  /** Whether it is to be somebody who has not lost it before. */
  readonly retryDifferent: boolean;
  /** Bytes that one execution may send: files, and what its tasks come to and print. */
  readonly uploadLimit: number;
}

/** The project that a server opens to others, and what it needs of the outside world for that. */
export interface Served {
  readonly layout: Layout;
  /** Where the specs are. */
  readonly jobspecs: string;
  /** The directory of the files that are the page. */
  readonly page: string;
  readonly files: Files;
  /** The same for what clients wait for. */
  readonly durable: DurableFiles;
  readonly trees: Trees;
  readonly clock: Clock;
  readonly host: Host;
  readonly staging: Staging;
  /** A job's directory; undefined: where jobs start that do not say where. */
  readonly resolveDirectory: (workdir: string | undefined) => string;
  /** How workers are treated that share nothing with the project. */
  readonly workers: WorkerSettings;
  readonly project: string;
  /** By which clients reach the server; undefined: by the address that they ask. */
  readonly publicUrl: URL | undefined;
  readonly version: string;
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
  /** Whose lines in journals tell what people have decided. */
  readonly writer: string;
  /** Tells dispatchers on other hosts what is new in the queue; nothing rests on it. */
  readonly tell: (names: readonly string[]) => Promise<void>;
  /** A line for whoever runs the server. */
  readonly remark: (line: string) => void;
}
