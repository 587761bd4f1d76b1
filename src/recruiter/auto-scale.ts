import { FjrError } from '../job/fjr-error.js';
import { isIgnored } from '../queue/entry-name.js';
import { type Layout, parseBadge } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { PilotSite, Survey } from './pilot-site.js';

/** How things stand for one site. */
export interface Scene {
  /** Workers that are wanted beyond those that are there and idle, or on their way. */
  readonly need: number;
  /** Pilots in the batch system's queue. */
  readonly waiting: number;
  /** All pilots, waiting, starting and at work. */
  readonly present: number;
  readonly workersPerPilot: number;
  readonly min: number;
  readonly max: number;
  /** For a while now no job has been waiting. */
  readonly quiet: boolean;
}

export interface Decision {
  /** Pilots to submit that stay without work: those that `min` asks for. */
  readonly lasting: number;
  /** Pilots to submit that go by themselves when they are idle. */
  readonly passing: number;
  /** Pilots to take out of the batch system's queue. */
  readonly withdraw: number;
}

/** How many pilots come, and how many of the waiting ones need not come any more. */
export function decide({ need, waiting, present, workersPerPilot, min, max, quiet }: Scene): Decision {
  const lasting = Math.max(0, min - present);
  const wanted = Math.ceil(Math.max(0, need - lasting * workersPerPilot) / workersPerPilot);
  const passing = Math.min(wanted, Math.max(0, max - present - lasting));
  // Those that run go by themselves.
  const withdraw = quiet ? Math.min(waiting, Math.max(0, present - min)) : 0;
  return { lasting, passing, withdraw };
}

export type ScaleEvent =
  | { readonly kind: 'submitted' | 'withdrawn'; readonly site: string; readonly ids: readonly string[] }
  /** Pilots that ended badly without having become crews. */
  | {
      readonly kind: 'stillborn';
      readonly site: string;
      readonly ids: readonly string[];
      /** Seconds until the next try. */
      readonly pause: number;
      readonly log: string;
    }
  | { readonly kind: 'trouble'; readonly site: string; readonly error: FjrError };

export interface ScaleSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly report: (event: ScaleEvent) => void;
}

export interface ScaleOptions {
  /** Seconds between two looks. */
  readonly interval: number;
  /** Seconds without work after which a pilot goes. */
  readonly idleExit: number;
}

/** Keeps as many pilots as the backlog needs, until `isOver`. The pilots stay: they go when they are idle. */
export async function autoScale(
  system: ScaleSystem,
  layout: Layout,
  sites: readonly PilotSite[],
  { interval, idleExit }: ScaleOptions,
  isOver: () => boolean,
): Promise<void> {
  const scalers = sites.map((site) => new SiteScaler(system, site, idleExit));
  let quietSince: number | undefined;
  while (!isOver()) {
    const backlog = countJobs(system.files, layout);
    const now = system.clock.monotonic();
    quietSince = backlog > 0 ? undefined : (quietSince ?? now);
    const quiet = quietSince !== undefined && now - quietSince >= idleExit * 1000;
    for (const scaler of scalers) await scaler.look();
    let need = backlog - countIdle(system.files, layout) - sum(scalers.map(({ coming }) => coming));
    for (const scaler of scalers) need -= await scaler.act(need, quiet);
    await system.wait(interval * 1000);
  }
}

/** Seconds until the next try after a pilot that did not come to life; doubled for each further one. */
const firstPause = 10;
const longestPause = 600;

/** One site's pilots in the eyes of the loop. */
class SiteScaler {
  readonly #system: ScaleSystem;
  readonly #site: PilotSite;
  readonly #idleExit: number;
  #survey: Survey | undefined;
  /** Failed pilots that have been taken note of. */
  readonly #settled = new Set<string>();
  #isFirstLook = true;
  #stillbirths = 0;
  #pausedUntil = 0;
  /** What failed, and how, when it was last tried. */
  readonly #troubles = new Map<string, string>();

  constructor(system: ScaleSystem, site: PilotSite, idleExit: number) {
    this.#system = system;
    this.#site = site;
    this.#idleExit = idleExit;
  }

  /** Workers on their way. */
  get coming(): number {
    if (this.#survey === undefined) return 0;
    return (this.#survey.waiting.length + this.#survey.starting.length) * this.#workersPerPilot;
  }

  async look(): Promise<void> {
    this.#survey = undefined;
    await this.#guard('look', async () => {
      this.#survey = await this.#site.survey();
      this.#seeFailures(this.#survey);
    });
  }

  /** Does what is to be done; returns how many of the wanted workers will come. */
  async act(need: number, quiet: boolean): Promise<number> {
    const survey = this.#survey;
    if (survey === undefined) return 0;
    const waiting = survey.waiting.length;
    const present = waiting + survey.starting.length + survey.born.size;
    const { min, max } = this.#site.plan;
    const workersPerPilot = this.#workersPerPilot;
    const scene = { need, waiting, present, workersPerPilot, min, max, quiet };
    const { lasting, passing, withdraw } = decide(scene);
    await this.#guard('withdraw', async () => {
      await this.#withdraw(survey, withdraw);
    });
    if (this.#system.clock.monotonic() < this.#pausedUntil) return 0;
    const submitted = await this.#submit(lasting, passing);
    return submitted * workersPerPilot;
  }

  /** A pilot that takes all CPUs it is given tells how many they are when it is there. */
  get #workersPerPilot(): number {
    const [crew] = this.#survey?.born.values() ?? [];
    return this.#site.plan.crew.workers ?? crew?.file.workers ?? 1;
  }

  async #submit(lasting: number, passing: number): Promise<number> {
    const ids: string[] = [];
    await this.#guard('submit', async () => {
      while (ids.length < lasting) ids.push(await this.#site.submit());
      while (ids.length < lasting + passing) ids.push(await this.#site.submit(this.#idleExit));
    });
    this.#report('submitted', ids);
    return ids.length;
  }

  /** The last that came go first: the others will start sooner. */
  async #withdraw({ waiting }: Survey, count: number): Promise<void> {
    if (count === 0) return;
    const ids = waiting
      .map(({ id }) => id)
      .sort((a, b) => Number(b) - Number(a))
      .slice(0, count);
    await this.#site.withdraw(ids);
    this.#report('withdrawn', ids);
  }

  /** What makes one pilot fail at its start makes the next one fail, too: the tries become rarer. */
  #seeFailures({ failed, born }: Survey): void {
    const fresh = failed.map(({ id }) => id).filter((id) => !this.#settled.has(id));
    for (const id of [...fresh, ...born.keys()]) this.#settled.add(id);
    if (born.size > 0) this.#stillbirths = 0;
    // Those that had failed before we came are no news.
    if (fresh.length > 0 && !this.#isFirstLook) {
      const pause = Math.min(longestPause, firstPause * 2 ** this.#stillbirths);
      this.#stillbirths += 1;
      this.#pausedUntil = this.#system.clock.monotonic() + pause * 1000;
      this.#system.report({
        kind: 'stillborn',
        site: this.#site.name,
        ids: fresh,
        pause,
        log: this.#site.logOf(fresh[0] ?? ''),
      });
    }
    this.#isFirstLook = false;
  }

  #report(kind: 'submitted' | 'withdrawn', ids: readonly string[]): void {
    if (ids.length > 0) this.#system.report({ kind, site: this.#site.name, ids });
  }

  /** A batch system that is away for a while comes back; people hear of each trouble once. */
  async #guard(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.#troubles.delete(what);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      if (error.message !== this.#troubles.get(what))
        this.#system.report({ kind: 'trouble', site: this.#site.name, error });
      this.#troubles.set(what, error.message);
    }
  }
}

function countJobs(files: Files, layout: Layout): number {
  return (perform(files, list(layout.jobqueue)) ?? []).filter((name) => !isIgnored(name)).length;
}

function countIdle(files: Files, layout: Layout): number {
  return (perform(files, list(layout.workerqueue)) ?? []).filter((name) => parseBadge(name) !== undefined)
    .length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
