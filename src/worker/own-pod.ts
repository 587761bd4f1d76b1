import { jobFileLimit } from '../job/read-job.js';
import { announceWorker } from '../queue/announce-worker.js';
import { beat } from '../queue/beat.js';
import { clearCancelMark } from '../queue/cancel-job.js';
import { claimWorker } from '../queue/claim-worker.js';
import type { CrewFile } from '../queue/crew-file.js';
import { fenceCrew } from '../queue/fence-crew.js';
import { type FinishTo, type Finished, finishJob } from '../queue/finish-job.js';
import { type JournalLine, formatJournalLine } from '../queue/journal.js';
import { layToRest } from '../queue/lay-to-rest.js';
import type { Badge, CrewId, Layout, PodPaths } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { raisePod } from '../queue/raise-pod.js';
import { recallJob } from '../queue/recall-job.js';
import { startJob } from '../queue/start-job.js';
import { type Steps, append, appendLater, list, unlink } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files, Inspected } from '../system/files.js';

/** How an execution ended, as the journal tells it. */
type Finish = Omit<Extract<JournalLine, { event: 'finish' }>, 'event' | 'to' | 'time'>;

/**
 * A crew's own pod, and its journal: the protocol's verbs in its name, at the present time. An answer of `fenced` or
 * `pod-gone` says that the pod is not its own any more.
 */
export class OwnPod {
  readonly crew: CrewId;
  readonly #layout: Layout;
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #paths: PodPaths;

  constructor(crew: CrewId, layout: Layout, files: Files, clock: Clock) {
    this.crew = crew;
    this.#layout = layout;
    this.#files = files;
    this.#clock = clock;
    this.#paths = layout.pod(crew);
  }

  /** Birth: from here on dispatchers may assign. */
  raise(file: CrewFile): 'born' | 'fenced' {
    const content = `${JSON.stringify(file, undefined, 2)}\n`;
    const birth = this.#perform(raisePod(this.#layout, this.crew, content, file.workers));
    if (birth === 'born') this.#note({ event: 'born', time: this.#clock.timestamp(), crew: this.crew });
    return birth;
  }

  get directory(): string {
    return this.#paths.directory;
  }

  /** Undefined: the pod is not its own any more. */
  list(): readonly string[] | undefined {
    return this.#perform(list(this.#paths.directory));
  }

  listRunning(): readonly string[] {
    return this.#perform(list(this.#paths.running)) ?? [];
  }

  /** A job file before its start. */
  inspect(entry: string): Inspected {
    return this.#files.inspect(this.#paths.entry(entry), jobFileLimit);
  }

  /** The same after it, but for what it says. */
  inspectRunning(entry: string): Inspected {
    return this.#files.inspect(this.#paths.runningEntry(entry), 0);
  }

  /** The path of a job file after its start. */
  runningFile(entry: string): string {
    return this.#paths.runningEntry(entry);
  }

  start(entry: string): 'started' | 'recalled' | 'fenced' {
    return this.#perform(startJob(this.#layout, this.crew, entry));
  }

  recall(entry: string): void {
    this.#perform(recallJob(this.#layout, this.crew, entry));
  }

  finish(to: FinishTo, how: Finish): Finished {
    return this.#perform(finishJob(this.#layout, this.crew, to, { time: this.#clock.timestamp(), ...how }));
  }

  /** Removes an entry that has started, and is nobody's. */
  drop(entry: string): void {
    this.#perform(unlink(this.#paths.runningEntry(entry)));
  }

  clearCancelMark(token: string): void {
    this.#perform(clearCancelMark(this.#layout, this.crew, token));
  }

  announce(worker: number): 'announced' | 'fenced' {
    return this.#perform(announceWorker(this.#layout, this.#badge(worker)));
  }

  claimBack(worker: number): 'claimed' | 'taken' | 'pod-gone' {
    return this.#perform(claimWorker(this.#layout, this.#badge(worker)));
  }

  beat(content: string): 'beaten' | 'fenced' {
    return this.#perform(beat(this.#layout, this.crew, content));
  }

  /** For people who look. */
  noteStart(entry: string, worker: number): void {
    const line = { event: 'start', time: this.#clock.timestamp(), entry, worker } as const;
    this.#perform(appendLater(this.#layout.journalOf(this.crew), formatJournalLine(line)));
  }

  /** `away`: why a host cannot be reached; left out: it can be, again. */
  noteHost(host: string, workers: readonly number[], away?: string): void {
    const time = this.#clock.timestamp();
    this.#note({ event: 'host', time, host, workers, ...(away === undefined ? {} : { away }) });
  }

  /** The end: it is fenced, as a dispatcher would. Returns when that was. */
  fence(): string {
    const time = this.#clock.timestamp();
    this.#note({ event: 'left', time, crew: this.crew });
    this.#perform(fenceCrew(this.#layout, this.crew));
    return time;
  }

  /** After the end: gives everything back, and buries the pod. Returns whether it is buried. */
  layToRest(fenced: string): boolean {
    const returning = { writer: this.crew, time: fenced, countLost: false, releaseItems: true };
    return this.#perform(layToRest(this.#layout, this.crew, returning)).buried;
  }

  /** After the end: whoever claims it would find that out, too. */
  removeOffer(worker: number): void {
    this.#perform(unlink(this.#layout.announced(this.#badge(worker))));
  }

  #badge(worker: number): Badge {
    return { crew: this.crew, worker };
  }

  #note(line: JournalLine): void {
    this.#perform(append(this.#layout.journalOf(this.crew), formatJournalLine(line)));
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#files, steps);
  }
}
