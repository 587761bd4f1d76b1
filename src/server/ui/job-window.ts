import { askJson, route } from './ask-server.js';
import type { JobChange, JobPage, JobState, JobSummary, ServerEvent } from './api.js';
import { Refresher } from './paced.js';

/** Milliseconds between two looks at the server. */
const pause = 2000;

/**
 * The newest jobs of some states: read once, and from then on kept by events. However many there are, it holds no more
 * than `size` of them, and reads again only when it has lost sight of what comes after those.
 */
export class JobWindow {
  readonly #states: readonly JobState[];
  readonly #kind: JobSummary['kind'] | undefined;
  readonly #size: number;
  readonly #changed: () => void;
  readonly #refresher = new Refresher(() => this.#read(), pause);
  #jobs: JobSummary[] = [];
  /** What came while the answer was on its way: it may be older than that, or newer. */
  #meanwhile: JobChange[] = [];
  #more = false;

  constructor(
    states: readonly JobState[],
    kind: JobSummary['kind'] | undefined,
    size: number,
    changed: () => void,
  ) {
    this.#states = states;
    this.#kind = kind;
    this.#size = size;
    this.#changed = changed;
  }

  /** The newest change first. */
  get jobs(): readonly JobSummary[] {
    return this.#jobs;
  }

  /** Whether there are more than these. */
  get more(): boolean {
    return this.#more;
  }

  async load(): Promise<void> {
    return this.#refresher.now();
  }

  close(): void {
    this.#refresher.close();
  }

  hear(event: ServerEvent): void {
    if (event.type === 'job') this.#hearJob(event.job);
    if (event.type !== 'removed') return;
    this.#drop(event.id);
    this.#changed();
  }

  #hearJob(job: JobChange): void {
    this.#meanwhile.push(job);
    if (this.#meanwhile.length > this.#size) this.#meanwhile.shift();
    this.#apply(job);
    this.#changed();
  }

  #apply(job: JobChange): void {
    const before = this.#jobs.length;
    this.#drop(job.id);
    if (job.was !== null) this.#drop(job.was);
    if (this.#holds(job)) this.#insert(job);
    if (this.#jobs.length > this.#size) {
      this.#jobs.length = this.#size;
      this.#more = true;
    }
    const lostSight = this.#more && this.#jobs.length < Math.min(before, this.#size / 2);
    // One of the same name may be this one, whose id before is not known.
    const mayBeTwice =
      job.was === null && this.#jobs.some(({ name, id }) => name === job.name && id !== job.id);
    if (lostSight || mayBeTwice) this.#refresher.soon();
  }

  #drop(gone: string): void {
    this.#jobs = this.#jobs.filter(({ id }) => id !== gone);
  }

  #holds({ state, kind }: JobSummary): boolean {
    return this.#states.includes(state) && (this.#kind === undefined || this.#kind === kind);
  }

  #insert(job: JobSummary): void {
    const place = this.#jobs.findIndex(({ changed }) => changed <= job.changed);
    this.#jobs.splice(place < 0 ? this.#jobs.length : place, 0, job);
  }

  async #read(): Promise<void> {
    this.#meanwhile = [];
    const query = { state: this.#states.join(','), kind: this.#kind, limit: this.#size };
    const { jobs, next } = await askJson<JobPage>(route('v1/jobs', query));
    this.#jobs = [...jobs];
    this.#more = next !== null;
    for (const job of this.#meanwhile) this.#apply(job);
    this.#changed();
  }
}
