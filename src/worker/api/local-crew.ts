import { FjrError } from '../../job/fjr-error.js';
import type { Outcome } from '../../job/outcome.js';
import { markCancelled } from '../../queue/cancel-job.js';
import { parseEntryName, tokenOf } from '../../queue/entry-name.js';
import type { JournalLine } from '../../queue/journal.js';
import { JournalReader } from '../../queue/journal-reader.js';
import type { CrewId, Layout, LogStream } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { type Steps, create, list, rename, unlink } from '../../queue/steps.js';
import type { Files } from '../../system/files.js';
import type { Crew } from '../crew.js';
import type { CrewEvent } from '../crew-events.js';
import type { Place } from '../roster.js';
import { every } from '../timers.js';

/** How an execution by the machine's own crew ended. */
export type LocalEnd =
  | {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly ms: number;
      readonly printed: readonly LogStream[];
    }
  /** A slice: so many of its tasks have ended, all or not. */
  | { readonly kind: 'slice'; readonly tasks: number; readonly failed: number; readonly ms: number }
  /** It was not run to its end, by no fault of its own. */
  | { readonly kind: 'given-back' };

export interface LocalCrewSystem {
  readonly layout: Layout;
  readonly files: Files;
  readonly makeCrew: (
    report: (event: CrewEvent) => void,
    placeOf: (entry: string) => Place | undefined,
  ) => { readonly crew: Crew; readonly id: CrewId };
  readonly report: (event: CrewEvent) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface Running {
  readonly place: Place;
  readonly onStart: () => void;
  readonly resolve: (end: LocalEnd) => void;
  /** How often in a row it was not found with the crew. */
  looks: number;
}

/** Milliseconds between two looks at what no event tells. */
const lookEvery = 1000;
/** So many crews in a row that end within a second are enough. */
const mostShortLives = 5;

/**
 * The machine's own crew, and what a dispatcher is to it: each job is an entry that is put into its pod, and whose end
 * is read in its journal. So a job of a server is run as all jobs are: by the starter, in process groups of its own,
 * with time limits, and with nothing left of it when this process dies.
 */
export class LocalCrew {
  readonly #system: LocalCrewSystem;
  readonly #running = new Map<string, Running>();
  readonly #journals: JournalReader;
  #crew: Crew | undefined;
  #id: CrewId | undefined;
  #leaving = false;
  readonly #stopLooking: () => void;

  constructor(system: LocalCrewSystem) {
    this.#system = system;
    this.#journals = new JournalReader(system.files, system.layout);
    this.#stopLooking = every(lookEvery, () => {
      this.#look();
    });
  }

  /** Until it is told to leave: a crew that lost its starter is followed by another. */
  async work(): Promise<void> {
    for (let shortLives = 0; !this.#leaving;) {
      const born = this.#system.now();
      const made = this.#system.makeCrew(
        (event) => {
          this.#hear(event);
        },
        (entry) => this.#running.get(entry)?.place,
      );
      this.#crew = made.crew;
      this.#id = made.id;
      made.crew.start();
      if (this.isToldToLeave()) made.crew.leave();
      await made.crew.ended;
      this.#look();
      for (const entry of this.#running.keys()) this.#end(entry, { kind: 'given-back' });
      shortLives = this.#system.now() - born < 1000 ? shortLives + 1 : 0;
      if (shortLives >= mostShortLives && !this.isToldToLeave()) throw cannotLive();
    }
    this.#stopLooking();
  }

  /** A method, since what is awaited may change it. */
  private isToldToLeave(): boolean {
    return this.#leaving;
  }

  /** Stops what runs, and ends. */
  leave(): void {
    this.#leaving = true;
    this.#crew?.leave();
  }

  /** Runs a job file to its end. `entry`: its name, token and all. */
  async run(
    entry: string,
    content: Uint8Array | string,
    executable: boolean,
    place: Place,
    onStart: () => void,
  ): Promise<LocalEnd> {
    const id = this.#id;
    if (id === undefined || this.#leaving) return { kind: 'given-back' };
    return new Promise((resolve) => {
      this.#running.set(entry, { place, onStart, resolve, looks: 0 });
      const status = this.#perform(putEntry(this.#system.layout, id, entry, content, executable));
      if (status === 'missing') this.#end(entry, { kind: 'given-back' });
    });
  }

  /** Kills it, wherever it is. Its end is told as every other. */
  cancel(entry: string): void {
    const token = tokenOf(entry);
    if (this.#id === undefined || token === undefined || !this.#running.has(entry)) return;
    const { layout } = this.#system;
    // One that has not started is not there to be killed.
    if (this.#perform(unlink(layout.pod(this.#id).entry(entry))) === 'ok') {
      this.#end(entry, { kind: 'given-back' });
      return;
    }
    this.#perform(markCancelled(layout, this.#id, token));
  }

  get id(): CrewId | undefined {
    return this.#id;
  }

  get layout(): Layout {
    return this.#system.layout;
  }

  /** Where what an execution printed is, if it printed anything. */
  logOf(entry: string, stream: LogStream): string {
    return this.#system.layout.log(entry, stream);
  }

  /** Leaves nothing of an execution in the project. */
  forget(entry: string): void {
    const { layout } = this.#system;
    const { job, token } = parseEntryName(entry);
    // A failure that would be tried again is counted in its name.
    const queued = this.#perform(list(layout.jobqueue)) ?? [];
    for (const path of [
      ...queued.filter((name) => tokenOf(name) === token).map((name) => layout.queued(name)),
      ...(['done', 'failed'] as const).map((verdict) => layout.finished(verdict, entry)),
      ...(['out', 'err'] as const).flatMap((stream) => [layout.log(entry, stream), layout.log(job, stream)]),
    ])
      this.#perform(unlink(path));
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#system.files, steps);
  }

  #hear(event: CrewEvent): void {
    this.#system.report(event);
    if (event.kind === 'found') this.#running.get(event.entry)?.onStart();
    // Its line is written right after this.
    if (event.kind === 'finished')
      setImmediate(() => {
        this.#look();
      });
  }

  /** What the journal tells, and what has come back without a word. */
  #look(): void {
    if (this.#id === undefined) return;
    try {
      for (const line of this.#journals.read(`${this.#id}.jsonl`)) this.#read(line);
      for (const [entry, running] of this.#running) this.#lookFor(entry, running);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      this.#system.report({ kind: 'trouble', crew: this.#id, error });
    }
  }

  #read(line: JournalLine): void {
    if (line.event === 'slice') {
      const { entry, tasks, failed, ms } = line;
      this.#end(entry, { kind: 'slice', tasks, failed, ms });
    }
    if (line.event !== 'finish') return;
    const { entry, outcome, ms, printed, to } = line;
    // Given back uncounted: the crew leaves, or could not start it.
    const isBack = to === 'queue' && (outcome.kind === 'lost' || outcome.kind === 'rejected');
    this.#end(entry, isBack ? { kind: 'given-back' } : { kind: 'ended', outcome, ms, printed });
  }

  /** The crew gives back what it cannot run, or lets it go, without a word. Some looks, since a line may be on its way. */
  #lookFor(entry: string, running: Running): void {
    const { layout, files } = this.#system;
    const pod = layout.pod(this.#id ?? ('' as CrewId));
    const isHeld = files.exists(pod.entry(entry)) || files.exists(pod.runningEntry(entry));
    running.looks = isHeld ? 0 : running.looks + 1;
    if (running.looks > 2) this.#end(entry, { kind: 'given-back' });
  }

  #end(entry: string, end: LocalEnd): void {
    const running = this.#running.get(entry);
    this.#running.delete(entry);
    running?.resolve(end);
  }
}

/** Assign, without a queue: an entry appears in a pod, whole. Atomic: the rename of its draft. */
function* putEntry(
  layout: Layout,
  crew: CrewId,
  entry: string,
  content: Uint8Array | string,
  executable: boolean,
): Steps<'ok' | 'missing'> {
  const draft = layout.queued(`.put-${entry}`);
  yield* create(draft, content, executable ? 0o700 : 0o600);
  const status = yield* rename(draft, layout.pod(crew).entry(entry));
  if (status === 'ok') return 'ok';
  yield* unlink(draft);
  return 'missing';
}

function cannotLive(): FjrError {
  return new FjrError('crew', `the crew ended ${mostShortLives} times right after its start`, {
    hint: 'see whether perl, or else node, starts here',
  });
}
