import { FjrError } from '../job/fjr-error.js';
import type { SessionKind } from '../queue/crew-file.js';
import { fenceCrew } from '../queue/fence-crew.js';
import { layToRest } from '../queue/lay-to-rest.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import { type CrewReport, reportCrews } from './crews-here.js';
import type { Pilot, PilotCrew, Scheduler } from './scheduler.js';
import type { Pending, Site, SiteReport } from './site.js';

export interface PilotSystem {
  readonly files: Files;
  readonly host: Host;
  readonly clock: Clock;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** A person's Ctrl-C: pilots that were told go all the same, and nobody waits for them. */
  readonly interruption?: AbortSignal | undefined;
}

/** What a section asks for, whatever the batch system. */
export interface PilotPlan {
  readonly name: string;
  /** How the batch system is called, and the first half of its crews' sessions: `slurm` for `slurm:123`. */
  readonly kind: SessionKind;
  readonly project: string;
  readonly layout: Layout;
  readonly crew: PilotCrew;
  /** Pilots that `hire` wants to have. */
  readonly pilots: number;
  /** Bounds of `hire --auto`. */
  readonly min: number;
  readonly max: number;
}

/** A site's pilots, each in the one place it can be in. */
export interface Survey {
  /** In the batch system's queue. */
  readonly waiting: readonly Pilot[];
  /** Running, without a pod as yet. */
  readonly starting: readonly Pilot[];
  /** Crews that are there, by their pilots' ids. */
  readonly born: ReadonlyMap<string, CrewReport>;
  readonly failed: readonly Pilot[];
}

/** Milliseconds in which crews must have stopped their jobs and gone, before the batch system ends them. */
const patience = 30_000;
/** Milliseconds that the batch system has for it: Slurm's KillWait is half a minute. */
const killPatience = 90_000;
/** Milliseconds until the first look, doubled for each further one up to the most: a controller serves a whole cluster. */
const firstLook = 100;
const lookEvery = 1000;
/** Looks after which it is told again: a pilot that has just been started may not have heard. */
const tellEvery = 8;

/** Hires crews as jobs of a batch system. */
export class PilotSite implements Site {
  readonly plan: PilotPlan;
  readonly #system: PilotSystem;
  readonly #scheduler: Scheduler;

  constructor(system: PilotSystem, scheduler: Scheduler, plan: PilotPlan) {
    this.#system = system;
    this.#scheduler = scheduler;
    this.plan = plan;
  }

  get name(): string {
    return this.plan.name;
  }

  /** Submits the pilots that are not there. */
  async hire(): Promise<SiteReport> {
    const submitted: string[] = [];
    try {
      const present = (await this.#scheduler.list())
        .filter(isPresent)
        .filter(({ phase }) => phase !== 'ending');
      while (present.length + submitted.length < this.plan.pilots) submitted.push(await this.submit());
      if (submitted.length > 0) return { lines: [this.#describeHired(submitted)] };
      const jobs = this.#jobs(present.map(({ id }) => id));
      return {
        lines: [`There are ${pilots(present.length)} in project "${this.plan.project}" already: ${jobs}.`],
      };
    } catch (error) {
      return {
        lines: submitted.length > 0 ? [this.#describeHired(submitted)] : [],
        failure: failureOf(error),
      };
    }
  }

  /** Submits one pilot more. `idleExit`: seconds without work after which it goes by itself. */
  async submit(idleExit?: number): Promise<string> {
    const { crew } = this.plan;
    const idle = idleExit === undefined ? [] : ['--idle-exit', String(idleExit)];
    return this.#scheduler.submit({ ...crew, argv: [...crew.argv, ...idle] });
  }

  async pending(): Promise<readonly Pending[]> {
    const { waiting, starting, failed } = await this.survey();
    return [...waiting, ...starting, ...failed].map(({ id, phase, state, reason }) => ({
      id,
      state,
      reason: phase === 'failed' ? `${reason}; it printed to ${this.logOf(id)}` : reason,
    }));
  }

  async survey(): Promise<Survey> {
    const found = await this.#scheduler.list();
    const crews = this.#crews();
    const running = found.filter(({ phase }) => phase === 'running');
    return {
      waiting: found.filter(({ phase }) => phase === 'waiting'),
      starting: running.filter(({ id }) => !crews.has(id)),
      born: new Map(running.flatMap(({ id }) => entryOf(crews, id))),
      failed: found.filter(({ phase }) => phase === 'failed'),
    };
  }

  /** Takes pilots out of the batch system's queue; those that have started meanwhile stay. */
  async withdraw(ids: readonly string[]): Promise<void> {
    await this.#scheduler.cancel(ids, 'waiting');
  }

  async fire(drain: boolean): Promise<SiteReport> {
    try {
      const present = (await this.#scheduler.list()).filter(isPresent);
      if (present.length === 0)
        return { lines: [`There was nobody to fire in project "${this.plan.project}".`] };
      const crews = this.#crews();
      await this.#tell(present, drain);
      const told = new Map(present.map(({ id, phase }) => [id, phase]));
      const left = await this.#untilGone(told, drain ? Infinity : patience, drain);
      // They still are on their way: nothing of theirs may be touched.
      if (this.#isInterrupted()) return { lines: [] };
      if (left.length > 0) await this.#end(left);
      if (this.#isInterrupted()) return { lines: [] };
      this.#restPods(present, crews);
      return { lines: this.#describeFired(present, crews, left) };
    } catch (error) {
      return { lines: [], failure: failureOf(error) };
    }
  }

  /** Those in the queue are cancelled. Those that run are asked to go, and give back what they hold. */
  async #tell(pilots: readonly Pilot[], drain: boolean): Promise<void> {
    await this.#scheduler.cancel(idsIn('waiting', pilots), 'waiting');
    await this.#scheduler.signal(idsIn('running', pilots), drain ? 'USR2' : 'TERM');
  }

  /** Waits until no pilot is left; returns those that are when patience is at its end. */
  async #untilGone(
    told: Map<string, Pilot['phase']>,
    milliseconds: number,
    drain: boolean,
  ): Promise<Pilot[]> {
    const isNews = ({ id, phase }: Pilot): boolean => told.get(id) !== phase;
    let ending = 0;
    for (let looks = 1, waited = 0; ; looks++) {
      const pause = Math.min(lookEvery, firstLook * 2 ** (looks - 1));
      await this.#system.wait(pause);
      waited += pause;
      if (this.#isInterrupted()) return [];
      const left = (await this.#scheduler.list()).filter(isPresent);
      if (left.length === 0 || waited >= milliseconds) return left;
      // It started before it could be taken out of the queue, was started anew after a failure, or did not yet listen.
      await this.#tell(looks % tellEvery === 0 ? left : left.filter(isNews), drain);
      for (const { id, phase } of left) told.set(id, phase);
      // The batch system is cleaning up after it, or has lost the node it runs on: there is nobody to wait for.
      ending = left.every(({ phase }) => phase === 'ending') ? ending + pause : 0;
      if (ending >= killPatience) return [];
    }
  }

  #isInterrupted(): boolean {
    return this.#system.interruption?.aborted === true;
  }

  async #end(left: readonly Pilot[]): Promise<void> {
    await this.#scheduler.cancel(
      left.map(({ id }) => id),
      'all',
    );
    const told = new Map(left.map(({ id, phase }) => [id, phase]));
    await this.#untilGone(told, killPatience, false);
  }

  /** What crews that were killed still hold goes back at once; their lease would bring it back later. */
  #restPods(present: readonly Pilot[], before: ReadonlyMap<string, CrewReport>): void {
    const { files, host, clock } = this.#system;
    const { layout } = this.plan;
    const after = this.#crews();
    for (const { id } of present) {
      const report = after.get(id);
      // Another crew by now: the pilot was started anew, and that one has gone by itself or will be judged by its lease.
      if (report === undefined || report.crew !== before.get(id)?.crew) continue;
      perform(files, fenceCrew(layout, report.crew));
      const writer = `recruiter-${host.name}`;
      // Its items wait for somebody who knows that its jobs are dead.
      const returning = { writer, time: clock.timestamp(), countLost: true, releaseItems: false };
      perform(files, layToRest(layout, report.crew, returning));
    }
  }

  /** Crews of this batch system, by their jobs' ids. */
  #crews(): Map<string, CrewReport> {
    const { files, host } = this.#system;
    const ours = reportCrews(files, host, this.plan.layout).filter(
      ({ file }) => file.session.kind === this.plan.kind,
    );
    return new Map(ours.map((report) => [report.file.session.name, report]));
  }

  /** Where a pilot prints. */
  logOf(id: string): string {
    return pilotLog(this.plan.layout.journal, this.plan.kind, id);
  }

  #jobs(ids: readonly string[]): string {
    return `${this.plan.kind} job${ids.length === 1 ? '' : 's'} ${ids.join(', ')}`;
  }

  #describeHired(ids: readonly string[]): string {
    const { project, crew } = this.plan;
    const { workers } = crew;
    const size =
      workers === undefined ? 'a worker for each CPU' : `${workers} worker${workers === 1 ? '' : 's'}`;
    return `Submitted ${pilots(ids.length)} of ${size} in project "${project}": ${this.#jobs(ids)}.`;
  }

  #describeFired(
    present: readonly Pilot[],
    crews: ReadonlyMap<string, CrewReport>,
    left: readonly Pilot[],
  ): string[] {
    const { project } = this.plan;
    const workers = present.reduce((sum, { id }) => sum + (crews.get(id)?.file.workers ?? 0), 0);
    const lines = [
      `Fired ${workers} worker${workers === 1 ? '' : 's'} in project "${project}": ${this.#jobs(present.map(({ id }) => id))}.`,
    ];
    if (left.length > 0)
      lines.push(`${this.#jobs(left.map(({ id }) => id))} did not go when told, and was cancelled.`);
    return lines;
  }
}

/** Where a pilot prints. */
export function pilotLog(journal: string, kind: string, id: string): string {
  return `${journal}/${kind}-${id}.log`;
}

function isPresent({ phase }: Pilot): boolean {
  return phase !== 'failed';
}

function idsIn(phase: Pilot['phase'], pilots: readonly Pilot[]): string[] {
  return pilots.filter((pilot) => pilot.phase === phase).map(({ id }) => id);
}

function entryOf<V>(map: ReadonlyMap<string, V>, id: string): [string, V][] {
  const value = map.get(id);
  return value === undefined ? [] : [[id, value]];
}

function pilots(count: number): string {
  return `${count} pilot${count === 1 ? '' : 's'}`;
}

/** A refusal costs this site and no other; anything else is a bug. */
function failureOf(error: unknown): NonNullable<SiteReport['failure']> {
  if (!(error instanceof FjrError)) throw error;
  return { reason: error.message, hint: error.hint ?? '' };
}
