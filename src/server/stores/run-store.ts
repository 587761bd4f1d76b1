import { perform } from '../../queue/perform.js';
import { list, rmdir } from '../../queue/steps.js';
import { idOfSpecJobName } from '../../job/spec/spec-job.js';
import { describeFailure } from '../describe-failure.js';
import { Alarm } from '../feed/alarm.js';
import type { JobChange } from '../feed/job-index.js';
import type { LiveIndex } from '../feed/live-index.js';
import { asSoleServer } from '../sole-server.js';
import { removeObjects } from './remove-objects.js';
import { type Sender, sendArtifacts } from './send-artifacts.js';
import { StoreError, placeName } from './store.js';

/** Executions that are looked after at once. */
const atOnce = 4;
/** Seconds until the next try, after each in a row that was in vain; the last one for ever. */
const pauses = [1, 2, 5, 15, 60];
/** Milliseconds between two looks at what is to be removed, which is mostly nothing. */
const lookEvery = 3_000;
/** Milliseconds between two looks at all directories of executions: what has ended is heard of, this is the net below. */
const sweepEvery = 300_000;
/** Milliseconds after which what was finished is looked at again: a file server may have shown less than there was. */
const forgetEvery = 6 * 3_600_000;

/** Brings artifacts to the store, and what is not wanted any more out of it: one server of the project does. */
export async function runStore(sender: Sender, index: LiveIndex): Promise<void> {
  await asSoleServer(sender.served, sender.paths.storeLock, 'store', async (over) => {
    await index.refresh();
    await new StoreKeeper(sender, index, over).work();
  });
}

type Task = (signal: AbortSignal) => Promise<void>;

class StoreKeeper {
  readonly #sender: Sender;
  readonly #index: LiveIndex;
  readonly #over: AbortSignal;
  readonly #alarm = new Alarm();
  /** What is to be done, in this order; by a name that no two have. */
  readonly #waiting = new Map<string, Task>();
  readonly #underWay = new Map<string, Promise<void>>();
  /** Executions of which nothing is left to do, though their directories may stay. */
  readonly #finished = new Set<string>();
  /** What was said already: of the store, and of single artifacts. */
  #trouble: string | undefined;
  readonly #said = new Set<string>();
  #inVain = 0;
  #resumeAt = 0;

  constructor(sender: Sender, index: LiveIndex, over: AbortSignal) {
    this.#sender = sender;
    this.#index = index;
    this.#over = over;
  }

  async work(): Promise<void> {
    const { served, paths } = this.#sender;
    const { clock } = served;
    const forget = this.#index.onChange((change) => {
      this.#hear(change);
    });
    const wake = (): void => {
      this.#alarm.ring();
    };
    this.#over.addEventListener('abort', wake);
    const silence = served.doorbells.hang(paths.unwanted, wake);
    let [swept, forgotten] = [-Infinity, clock.monotonic()];
    try {
      while (!this.#over.aborted) {
        const now = clock.monotonic();
        this.#lookForUnwanted();
        if (now - swept >= sweepEvery) {
          this.#sweep();
          swept = now;
        }
        if (now - forgotten >= forgetEvery) {
          this.#finished.clear();
          forgotten = now;
        }
        this.#begin(now);
        const pause = this.#waiting.size === 0 ? Infinity : this.#resumeAt - now;
        await this.#alarm.sleep(pause > 0 ? Math.min(lookEvery, pause) : lookEvery);
      }
    } finally {
      forget();
      silence();
      await Promise.all(this.#underWay.values());
    }
  }

  #hear({ job }: JobChange): void {
    if (job?.ended !== undefined && idOfSpecJobName(job.name) !== undefined) this.#add(job.id);
  }

  /** All executions that have a directory, and have ended as the accepted ones. */
  #sweep(): void {
    const { files, layout } = this.#sender.served;
    for (const entry of perform(files, list(layout.workDirectories)) ?? []) {
      const job = this.#index.find(entry);
      if (job?.id !== entry || job.ended === undefined) continue;
      this.#add(entry);
      // Left by somebody who was killed when all else was done. What holds something stays.
      if (!files.exists(layout.artifacts(entry))) perform(files, rmdir(layout.work(entry)));
    }
  }

  #lookForUnwanted(): void {
    const { served, paths } = this.#sender;
    for (const name of perform(served.files, list(paths.unwanted)) ?? [])
      this.#put(`remove ${name}`, async (signal) => {
        if (!(await removeObjects(this.#sender, `${paths.unwanted}/${name}`, signal)))
          this.#sayOnce(`${paths.unwanted}/${name} speaks of another store, whose objects stay`);
      });
  }

  #add(entry: string): void {
    const { files, layout } = this.#sender.served;
    if (this.#finished.has(entry) || !files.exists(layout.artifacts(entry))) return;
    this.#put(`send ${entry}`, async (signal) => {
      if (await sendArtifacts(this.#sender, entry, signal)) this.#finished.add(entry);
    });
  }

  #put(name: string, task: Task): void {
    if (this.#waiting.has(name) || this.#underWay.has(name)) return;
    this.#waiting.set(name, task);
    this.#alarm.ring();
  }

  #begin(now: number): void {
    if (now < this.#resumeAt) return;
    // Who does not answer is asked carefully.
    const most = this.#inVain > 0 ? 1 : atOnce;
    for (const [name, task] of this.#waiting) {
      if (this.#underWay.size >= most) return;
      this.#waiting.delete(name);
      this.#underWay.set(name, this.#do(name, task));
    }
  }

  async #do(name: string, task: Task): Promise<void> {
    try {
      await task(this.#over);
      this.#inVain = 0;
      if (this.#trouble !== undefined) this.#say('it does what it is asked for again');
      this.#trouble = undefined;
    } catch (error) {
      this.#postpone(error);
      // Behind the others: what one is refused for may be its own.
      this.#waiting.set(name, task);
    }
    this.#underWay.delete(name);
    this.#alarm.ring();
  }

  #postpone(error: unknown): void {
    if (this.#over.aborted) return;
    const seconds = pauses[Math.min(this.#inVain, pauses.length - 1)] ?? 0;
    this.#inVain += 1;
    this.#resumeAt = this.#sender.served.clock.monotonic() + seconds * 1000;
    if (!(error instanceof StoreError)) this.#sayOnce(describeFailure(error));
    else if (error.blame === 'object') this.#sayOnce(error.message);
    else if (error.message !== this.#trouble) {
      this.#trouble = error.message;
      this.#say(`${error.message}; artifacts stay in the project's directory, and it is tried again`);
    }
  }

  /** What may come again and again. */
  #sayOnce(what: string): void {
    if (this.#said.has(what)) return;
    if (this.#said.size >= 1000) this.#said.clear();
    this.#said.add(what);
    this.#say(what);
  }

  #say(what: string): void {
    this.#sender.served.remark(`store ${placeName(this.#sender.store.place)}: ${what}`);
  }
}
