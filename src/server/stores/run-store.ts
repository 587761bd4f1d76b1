import { idOfSpecJobName } from '../../job/spec/spec-job.js';
import { perform } from '../../queue/perform.js';
import { list, rmdir } from '../../queue/steps.js';
import { Alarm } from '../feed/alarm.js';
import { Breather } from '../feed/breather.js';
import type { JobChange } from '../feed/job-index.js';
import type { LiveIndex } from '../feed/live-index.js';
import { asSoleServer } from '../sole-server.js';
import { removeObjects } from './remove-objects.js';
import { type Sender, sendArtifacts } from './send-artifacts.js';
import { placeName } from './store.js';
import { TaskQueue } from './task-queue.js';

/** Milliseconds. */
const times = {
  /** Between two looks at what is to be removed, which is mostly nothing. A bell tells of it where there are bells. */
  look: 3_000,
  /** Between two looks at all directories of executions: what has ended is heard of, this is the net below. */
  sweep: 300_000,
  /** After which what was finished is looked at again: a file server may have shown less than there was. */
  forget: 6 * 3_600_000,
};

/** Brings artifacts to the store, and what is not wanted any more out of it: one server of the project does. */
export async function runStore(sender: Sender, index: LiveIndex): Promise<void> {
  await asSoleServer(sender.served, sender.paths.storeLock, 'store', async (over) => {
    await index.refresh();
    await new StoreKeeper(sender, index, over).work();
  });
}

/** Finds what is to be done. */
class StoreKeeper {
  readonly #sender: Sender;
  readonly #index: LiveIndex;
  readonly #over: AbortSignal;
  readonly #alarm = new Alarm();
  readonly #tasks: TaskQueue;
  /** Executions of which nothing is left to do, though their directories may stay, and records that are another store's. */
  readonly #finished = new Set<string>();
  /** When each of `times` is over, by the clock that never goes back. */
  #next = { look: 0, sweep: 0, forget: 0 };

  constructor(sender: Sender, index: LiveIndex, over: AbortSignal) {
    this.#sender = sender;
    this.#index = index;
    this.#over = over;
    const { served, store } = sender;
    const say = (what: string): void => {
      served.remark(`store ${placeName(store.place)}: ${what}`);
    };
    const wake = (): void => {
      this.#alarm.ring();
    };
    this.#tasks = new TaskQueue({ clock: served.clock, over, say, wake });
    over.addEventListener('abort', wake);
  }

  async work(): Promise<void> {
    const { served, paths } = this.#sender;
    const forget = this.#index.onChange((change) => {
      this.#hear(change);
    });
    const silence = served.doorbells.hang(paths.unwanted, () => {
      this.#next.look = 0;
      this.#alarm.ring();
    });
    try {
      while (!this.#over.aborted) {
        if (this.#isTime('forget')) this.#finished.clear();
        if (this.#isTime('look')) this.#look();
        if (this.#isTime('sweep')) await this.#sweep();
        this.#tasks.begin();
        const pause = this.#tasks.untilNext();
        await this.#alarm.sleep(pause > 0 ? Math.min(pause, times.look) : times.look);
      }
    } finally {
      forget();
      silence();
      await this.#tasks.rest();
    }
  }

  #isTime(what: keyof typeof times): boolean {
    const now = this.#sender.served.clock.monotonic();
    if (now < this.#next[what]) return false;
    this.#next[what] = now + times[what];
    return true;
  }

  #hear({ job }: JobChange): void {
    if (job?.ended !== undefined && idOfSpecJobName(job.name) !== undefined) this.#add(job.id);
  }

  /** All executions that have a directory, and have ended as the accepted ones. */
  async #sweep(): Promise<void> {
    const { files, layout, clock } = this.#sender.served;
    const breather = new Breather(clock);
    for (const entry of perform(files, list(layout.workDirectories)) ?? []) {
      await breather.breathe();
      const job = this.#index.find(entry);
      if (job?.id !== entry || job.ended === undefined) continue;
      this.#add(entry);
      // Left by somebody who was killed when all else was done. What holds something stays.
      if (!files.exists(layout.artifacts(entry))) perform(files, rmdir(layout.work(entry)));
    }
  }

  /** For what is to be removed. */
  #look(): void {
    const { served, paths } = this.#sender;
    for (const name of perform(served.files, list(paths.unwanted)) ?? []) {
      if (this.#finished.has(name)) continue;
      const path = `${paths.unwanted}/${name}`;
      this.#tasks.put(`remove ${name}`, async (signal) => {
        if (await removeObjects(this.#sender, path, signal)) return;
        this.#finished.add(name);
        this.#tasks.sayOnce(`${path} speaks of another store, whose objects stay`);
      });
    }
  }

  #add(entry: string): void {
    const { files, layout } = this.#sender.served;
    if (this.#finished.has(entry) || !files.exists(layout.artifacts(entry))) return;
    this.#tasks.put(`send ${entry}`, async (signal) => {
      if (await sendArtifacts(this.#sender, entry, signal)) this.#finished.add(entry);
    });
  }
}
