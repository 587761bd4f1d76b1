import type { SshWorkers } from '../job/fan-out.js';
import type { CrewFile } from '../queue/crew-file.js';
import type { HintLine } from '../queue/hint.js';
import type { CrewId, Layout } from '../queue/layout.js';
import type { Pace } from '../queue/pace.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Doorbells } from '../system/watcher.js';
import type { CrewEvent } from './crew-events.js';
import type { Surroundings } from './launcher.js';
import type { Place } from './roster.js';
import type { Starter, StarterEvents } from './starter.js';

/** The world around a crew. */
export interface CrewSystem extends Surroundings {
  readonly files: Files;
  readonly clock: Clock;
  readonly doorbells: Doorbells;
  readonly makeStarter: (events: StarterEvents) => Starter;
  readonly signalName: (number: number) => string;
  readonly findProgram: (name: string, directory: string, path: string | undefined) => string | undefined;
  /** Undefined: it works for no hosts. */
  readonly ssh: SshPlaces | undefined;
  /** A directory on the host's own disk, for the crew alone; undefined: the project lies there, or there is none. */
  readonly ownDisk: string | undefined;
  readonly pace: Pace;
  /** Undefined where hints cannot work, or are not needed. */
  readonly hints: HintLine | undefined;
}

/** Where is what it takes to reach hosts. */
export interface SshPlaces {
  /** The path of ssh-task.sh. */
  readonly script: string;
  /** A directory of the crew's own, with a short path. */
  readonly directory: string;
}

export interface CrewOptions {
  readonly layout: Layout;
  readonly project: string;
  readonly id: CrewId;
  /** `crew.json`, but for what only the running crew knows. */
  readonly describe: (starterPid: number) => CrewFile;
  readonly report: (event: CrewEvent) => void;
  /** Monotonic milliseconds at which its time is over, as that of a batch system's job; Infinity for most. */
  readonly endsAt: number;
  /** Seconds without work after which it leaves. */
  readonly idleExit: number;
  /** Least niceness of its jobs. */
  readonly nice: number;
  /** Its workers' hosts; undefined: they work here. */
  readonly hosts: SshWorkers | undefined;
  /** Of entries that have a place of their own; left out: none has. */
  readonly placeOf?: (entry: string) => Place | undefined;
}
