import { FjrError } from '../../job/fjr-error.js';
import { type AcceptOptions, type Accepted, NoRoom, acceptJob } from './accept.js';
import { type AccessInfo, Gone, Refused } from './api-client.js';
import { pause, pauseAfter } from './back-off.js';
import { JoinedJob } from './joined-job.js';
import { JobSpecsError } from './job-specs.js';
import { type Free, inMegabytes } from './room.js';

export interface JoinerOptions extends AcceptOptions {
  readonly access: AccessInfo;
  /** DECODE's groups whose jobs come first. */
  readonly groups: readonly string[];
  /** Tells this process from others with the same token. */
  readonly instance: string;
  /** Milliseconds between two requests for a job where there was none. */
  readonly askEvery: number;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Seconds for which a server that can let us wait does so while something runs: then there is more to offer soon. */
const busyWait = 5;
/** Milliseconds for which an answer that may hold a job is waited for when we leave. */
const lastAnswer = 2000;
/** Milliseconds without a container engine until it is looked at again. */
const withoutEngine = 10_000;

/** Asks a server for jobs for as long as there is room, and runs them. */
export class Joiner {
  readonly #options: JoinerOptions;
  readonly #jobs = new Map<string, JoinedJob>();
  /** All that is not to be left behind. */
  readonly #running = new Set<Promise<void>>();
  /** Takes nothing new. */
  readonly #closing = new AbortController();
  /** Lets go of a request that is on its way. */
  readonly #hangUp = new AbortController();
  #leaving = false;
  /** Wakes who waits for room. */
  #wake: () => void = () => undefined;
  #wasAnswered = false;
  /** How many slices it was given: each is a crew of its own to the server, since what a crew writes is one file there. */
  #slices = 0;

  constructor(options: JoinerOptions) {
    this.#options = options;
  }

  /** Until it has left, or the server will not have us. */
  async run(): Promise<void> {
    try {
      for (let failures = 0; !this.#closing.signal.aborted;) {
        const pulled = await this.#pull();
        failures = pulled === 'failed' ? failures + 1 : 0;
        if (pulled === 'failed') await this.#rest(pauseAfter(failures, this.#options.random));
      }
    } catch (error) {
      this.leave();
      throw error;
    } finally {
      while (this.#running.size > 0) await Promise.all(this.#running);
    }
  }

  /** Takes nothing new, and is done when what runs has ended. */
  drain(): void {
    this.#closing.abort();
    this.#wake();
    const { fjr } = this.#options.access;
    // Who lets us wait sees that we have gone; who does not has its answer on the way, and in it perhaps a job.
    const timer = setTimeout(
      () => {
        this.#hangUp.abort();
      },
      fjr === undefined ? lastAnswer : 0,
    );
    timer.unref();
  }

  /** Stops what runs and gives it back. */
  leave(): void {
    this.#leaving = true;
    this.drain();
    for (const job of this.#jobs.values()) job.leave();
    this.#options.world.crew.leave();
  }

  /** One request for a job, once there is room for one. */
  async #pull(): Promise<'done' | 'failed'> {
    const free = this.#options.room.free();
    if (free === undefined) {
      await this.#room();
      return 'done';
    }
    const obstacle = await this.#options.containerUse?.engine.obstacle();
    if (obstacle !== undefined && this.#options.access.fjr === undefined) {
      this.#trouble(undefined, new FjrError('engine', `takes no jobs: ${obstacle}`));
      await this.#rest(withoutEngine);
      return 'done';
    }
    const wait = this.#wait();
    const askedAt = this.#options.now();
    const jobs = await this.#ask(free, wait);
    if (jobs === 'failed') return 'failed';
    for (const [id, value] of jobs) await this.#take(id, value);
    if (jobs.length > 0) return 'done';
    // Whoever lets us wait has done so; but not every server that says so does.
    const waited = this.#options.now() - askedAt;
    const rest = wait > 0 ? Math.min(1000, wait * 1000 - waited) : this.#options.askEvery;
    if (rest > 0) await this.#rest(rest * (0.8 + 0.4 * this.#options.random()));
    return 'done';
  }

  /** Seconds. */
  #wait(): number {
    const { fjr } = this.#options.access;
    if (fjr === undefined) return 0;
    return this.#jobs.size === 0 ? fjr.wait : Math.min(fjr.wait, busyWait);
  }

  async #ask(free: Free, wait: number): Promise<[string, unknown][] | 'failed'> {
    const { client } = this.#options.world;
    try {
      const jobs = await client.pull(this.#query(free, wait), wait, this.#hangUp.signal);
      this.#wasAnswered = true;
      return jobs;
    } catch (error) {
      if (this.#hangUp.signal.aborted) return [];
      if (error instanceof FjrError) throw error;
      if (!(error instanceof Refused)) throw error;
      if (error.status === 403 || !this.#wasAnswered) throw refusedByServer(client.url, error);
      this.#trouble(undefined, error);
      return 'failed';
    }
  }

  #query(free: Free, wait: number): [string, string][] {
    const { access, groups, labels, instance } = this.#options;
    const { gpu } = free;
    const query: [string, string][] = [
      ['memory', String(inMegabytes(free.memory))],
      ['cpu_cores', String(free.cpus)],
      ['gpu_mem', String(gpu?.memory ?? 0)],
      ['limit', '1'],
    ];
    if (gpu !== undefined && gpu.model !== '') query.push(['gpu_model', gpu.model]);
    if (gpu !== undefined && gpu.architecture !== '') query.push(['gpu_archi', gpu.architecture]);
    for (const group of groups) query.push(['groups', group]);
    if (access.fjr === undefined) return query;
    query.push(
      ['fjr', '1'],
      ['wait', `${wait}s`],
      ['gpus', String(free.gpus)],
      ['instance', `${instance}.${this.#slices}`],
    );
    for (const label of labels) query.push(['labels', label]);
    return query;
  }

  async #take(id: string, value: unknown): Promise<void> {
    // The server lost sight of us, and gives us again what we have.
    if (this.#jobs.has(id)) return;
    const accepted = await this.#accept(id, value);
    if (accepted === undefined) return;
    if (accepted.execution.slice !== undefined) this.#slices += 1;
    const job = new JoinedJob(this.#options.world, accepted.execution);
    this.#jobs.set(id, job);
    this.#options.world.report({ kind: 'taken', id });
    if (this.#leaving) job.leave();
    const running = this.#run(job, accepted).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(job: JoinedJob, { share }: Accepted): Promise<void> {
    const { room, world } = this.#options;
    try {
      const verdict = await job.run();
      world.report({ kind: 'ended', id: job.id, verdict });
      if (verdict === 'error') await this.#options.containerUse?.engine.suspect();
    } catch (error) {
      // Our own fault: this job suffers, and the others do not.
      this.#trouble(job.id, error);
    } finally {
      this.#jobs.delete(job.id);
      room.release(share);
      this.#wake();
    }
  }

  /** A job that cannot be run here ends here, and its user learns why. */
  async #accept(id: string, value: unknown): Promise<Accepted | undefined> {
    try {
      return await acceptJob(this.#options, id, value, this.#hangUp.signal);
    } catch (error) {
      const [status, reason] = this.#refusal(error);
      this.#options.world.report({ kind: 'refused', id, reason });
      const outcome = status === 'error' && this.#options.access.fjr !== undefined;
      const report = outcome ? { outcome: { kind: 'rejected', reason }, ms: 0 } : undefined;
      await this.#say(id, status, reason, report);
      return undefined;
    }
  }

  #refusal(error: unknown): [status: string, reason: string] {
    if (error instanceof JobSpecsError) return ['error', error.message];
    if (error instanceof NoRoom) return ['queued', error.message];
    if (this.#hangUp.signal.aborted) return ['queued', 'the worker has left'];
    throw error;
  }

  async #say(id: string, status: string, reason: string, report: unknown): Promise<void> {
    try {
      const signal = AbortSignal.timeout(60_000);
      await this.#options.world.client.putStatus(id, status, reason, report, signal);
    } catch (error) {
      // It is not ours any more, or the server finds out after a while.
      if (!(error instanceof Gone)) this.#trouble(id, error);
    }
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#closing.signal.aborted || this.#options.room.free() !== undefined) resolve();
    });
  }

  async #rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, this.#closing.signal);
  }

  #trouble(id: string | undefined, error: unknown): void {
    this.#options.world.report({ kind: 'trouble', id, error });
  }
}

function refusedByServer(url: string, error: Refused): FjrError {
  return new FjrError('refused', `${url} will not have us as a worker: ${error.message}`, {
    hint:
      error.status === 403
        ? 'ask who runs the server for a token of a worker: fjr token add NAME --scope worker'
        : 'is that the address of an fjr server, or of a DECODE OpenCloud?',
    cause: error,
  });
}
