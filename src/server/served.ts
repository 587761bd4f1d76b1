import type { Layout } from '../queue/layout.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Trees } from '../system/trees.js';

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
  /** Tells dispatchers on other hosts what is new in the queue; nothing rests on it. */
  readonly tell: (names: readonly string[]) => Promise<void>;
  /** A line for whoever runs the server. */
  readonly remark: (line: string) => void;
}
