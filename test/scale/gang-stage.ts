import type { FanOut } from '../../src/job/fan-out.js';
import { type Gang, worldSize } from '../../src/job/gang.js';
import { cancelFanOut, cancelSlices } from '../../src/queue/cancel-fan-out.js';
import { parsePodName } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { submitFanOut } from '../../src/queue/submit-fan-out.js';
import { newToken } from '../../src/queue/token.js';
import type { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { Crew } from '../../src/worker/crew.js';
import { Random } from '../chaos/random.js';
import { Actor, Agenda, Over } from './agenda.js';
import { Share, SharedFiles, epoch } from './files.js';
import { GangTries, filesBelow, namesIn } from './gang-tries.js';
import { Network } from './network.js';
import { type Process, RankStarter } from './ranks.js';
import { servers } from './server.js';
import { plainFanOut } from './queue.js';
import { type Site, layout, makeCrew, makeDispatcher } from './staff.js';
import { withTimersOf } from './timers.js';
import { FileNode, Tree } from './tree.js';

/** What may happen to a gang. */
export type Misfortune =
  | { readonly kind: 'kill-crew' | 'fire-crew' | 'kill-dispatcher' | 'second-dispatcher' | 'cancel' }
  /** Milliseconds. */
  | { readonly kind: 'stop-crew' | 'stop-dispatcher'; readonly for: number };

export interface GangScenario {
  readonly seed: number;
  readonly gang: Pick<Gang, 'failure' | 'types'>;
  readonly priority?: number;
  /** How many workers each crew has. */
  readonly crews: readonly number[];
  /** Plain jobs that are there from the beginning, and the milliseconds that each takes at least and at most. */
  readonly jobs: number;
  readonly jobTakes?: readonly [number, number];
  /** Milliseconds that ranks take at least and at most once all are there. */
  readonly rankTakes: readonly [number, number];
  /** Whether ranks fail when one beside them is gone. */
  readonly missed: boolean;
  /** Whether the first try of a rank may fail by itself. */
  readonly fails: boolean;
  /** Whether dispatchers are told at once that a crew is dead, as on its own host, or must see it by the heartbeat. */
  readonly near: boolean;
  /** By the time in milliseconds after the dispatcher's start. */
  readonly misfortunes: readonly (readonly [at: number, misfortune: Misfortune])[];
  /** Milliseconds after which all must be over. */
  readonly most: number;
  /** Asked every second of virtual time; returns what is wrong. */
  readonly watch?: (tree: Tree, elapsed: number) => string | undefined;
}

/** What has come of it. */
export interface GangPlayed {
  /** Undefined: all was as it must be. */
  readonly fault: string | undefined;
  /** What has happened when, for people. */
  readonly history: readonly string[];
  readonly verdict: 'done' | 'failed' | undefined;
  /** Milliseconds after the dispatcher's start at which the gang began, and at which all was over. */
  readonly began: number | undefined;
  readonly over: number;
  /** Of ranks that have one: `done`, or how it failed last. */
  readonly outcomes: ReadonlyMap<number, string>;
  readonly tries: number;
}

export const gangName = 'train.run';

/** Milliseconds in which all crews are hired, before the dispatcher starts. */
const hiring = 1000;
/** Milliseconds between two looks of who hires crews in place of those that are gone. */
const rehireEvery = 3000;

interface Staffed {
  readonly actor: Actor;
  readonly host: string;
  readonly workers: number;
  readonly starter: RankStarter;
  readonly crew: Crew;
}

interface Dispatching {
  readonly actor: Actor;
  readonly id: string;
  readonly dispatcher: Dispatcher;
}

/** Plays the life of one gang: the dispatchers and crews as they are, in virtual time, on a file server. */
export function playGang(scenario: GangScenario): GangPlayed {
  const agenda = new Agenda(hiring + scenario.most);
  return withTimersOf(agenda, () => new GangStage(scenario, agenda).play());
}

class GangStage {
  readonly #scenario: GangScenario;
  readonly #agenda: Agenda;
  readonly #tree = new Tree();
  readonly #site: Site;
  readonly #random: Random;
  readonly #tries: GangTries;
  /** Nobody's turn: what is not of the programs. */
  readonly #fate = new Actor();
  readonly #files: SharedFiles;
  readonly #crews: Staffed[] = [];
  readonly #dispatchers: Dispatching[] = [];
  readonly #history: string[] = [];
  /** Which dispatcher has the lock. */
  #chief = '';
  #fault: string | undefined;
  #hired = 0;
  #began: number | undefined;
  #over = 0;
  #held = 0;

  constructor(scenario: GangScenario, agenda: Agenda) {
    this.#scenario = scenario;
    this.#agenda = agenda;
    this.#random = new Random(scenario.seed);
    const share = new Share(this.#tree, agenda, servers.assumed);
    this.#site = { share, network: new Network(agenda) };
    this.#files = new SharedFiles(share, this.#fate, 'crews');
    this.#tries = new GangTries(this.#tree, (what) => {
      this.#fail(what);
    });
    this.#tree.moved = (from, to) => {
      this.#noteMove(from, to);
    };
  }

  play(): GangPlayed {
    this.#fill();
    const { crews, misfortunes, most } = this.#scenario;
    this.#at(0, () => {
      for (const workers of crews) this.#hire(workers);
    });
    this.#at(hiring, () => {
      this.#site.share.isFree = false;
      this.#startDispatcher(true);
    });
    for (const [at, misfortune] of misfortunes)
      this.#at(hiring + at, () => {
        this.#befall(misfortune);
      });
    for (let at = hiring; at < hiring + most; at += 1000)
      this.#at(at, () => {
        this.#look();
      });
    this.#agenda.run();
    return this.#played();
  }

  #at(time: number, action: () => void): void {
    this.#agenda.at(time, this.#fate, action);
  }

  #in(milliseconds: number, action: () => void): void {
    this.#at(this.#agenda.now + milliseconds, action);
  }

  get #elapsed(): number {
    return this.#agenda.now - hiring;
  }

  #note(what: string): void {
    this.#history.push(`${(this.#elapsed / 1000).toFixed(3)} ${what}`);
  }

  /** The first is what counts. */
  #fail(what: string): void {
    this.#note(`FAULT ${what}`);
    this.#fault ??= what;
  }

  #fill(): void {
    for (const path of ['', layout.root, ...layout.directories]) this.#files.ensureDirectory(path);
    const { gang, jobs, priority = 0 } = this.#scenario;
    const limits =
      gang.failure === 'ignore'
        ? { maxFailures: undefined, failFast: false }
        : { maxFailures: 0, failFast: true };
    const retries = gang.failure === 'retry-rank' ? 5 : 0;
    const whole: Gang = { operator: 'tf', port: 12_345, ...gang };
    const what: Omit<FanOut, 'format' | 'tasks'> = {
      ...plainFanOut('gang', { retries, priority }),
      gang: whole,
      ...limits,
    };
    const inputs = Array.from({ length: worldSize(whole) }, (_, rank) => String(rank));
    perform(this.#files, submitFanOut(layout, gangName, what, inputs, newToken()));
    const queue = this.#tree.directory(layout.jobqueue);
    for (let job = 1; job <= jobs; job++)
      queue?.names.set(
        `job${job}.conf`,
        new FileNode('[fjr]\nexecutable: /usr/bin/true\n', epoch - 3_600_000),
      );
  }

  #hire(workers: number): void {
    const actor = new Actor(true);
    const host = (this.#hired += 1);
    const starter = new RankStarter(
      this.#agenda,
      actor,
      {
        begun: (process) => {
          this.#begun(process, host);
        },
        gone: (process, how) => {
          this.#processGone(process, how, host);
        },
      },
      () => this.#random.next(),
    );
    this.#agenda.at(this.#agenda.now, actor, () => {
      const crew = makeCrew(this.#site, actor, starter, host, workers);
      this.#crews.push({ actor, host: `host${host}`, workers, starter, crew });
      this.#note(`crew ${host} is hired, with ${workers} workers`);
      crew.start();
    });
  }

  #startDispatcher(asChief: boolean): Dispatching {
    const actor = new Actor(true);
    const id = `dispatcher-${this.#dispatchers.length}`;
    if (asChief) this.#chief = id;
    const traits = {
      id,
      ownsLock: () => this.#chief === id,
      judge: ({ host }: { readonly host: string }) => this.#judge(host),
    };
    const dispatcher = makeDispatcher(this.#site, actor, () => this.#random.next(), traits);
    const dispatching = { actor, id, dispatcher };
    this.#dispatchers.push(dispatching);
    this.#note(`${id} starts${asChief ? '' : ', without the lock'}`);
    this.#agenda.at(this.#agenda.now, actor, () => {
      dispatcher.start();
    });
    return dispatching;
  }

  #judge(host: string): 'alive' | 'dead' | 'elsewhere' {
    if (!this.#scenario.near) return 'elsewhere';
    return this.#crews.some((one) => one.host === host && !one.actor.isGone) ? 'alive' : 'dead';
  }

  #noteMove(from: string, to: string): void {
    const [, gang, state, token = ''] = /\/(gang=(open|hold|go|void)(?:=(\w+))?)$/.exec(to) ?? [];
    if (gang !== undefined && from.includes('/gang=')) this.#note(gang);
    if (state === 'hold') this.#held += 1;
    if (state === 'go') {
      this.#began ??= this.#elapsed;
      this.#tries.goes(token);
    }
    if (from === layout.queued(gangName)) this.#note(`it moves to ${to}`);
  }

  #begun(process: Process, host: number): void {
    if (process.task === undefined) {
      const [least, most] = this.#scenario.jobTakes ?? [500, 4000];
      this.#endIn(process, this.#random.between(least, most), 0);
      return;
    }
    this.#note(`rank ${process.task} begins on ${host} (${process.token}, attempt ${process.attempt})`);
    const [least, most] = this.#scenario.rankTakes;
    for (const one of this.#tries.begun(process)) {
      const fails = this.#scenario.fails && one.attempt === 1 && this.#random.next() < 0.3;
      this.#endIn(one, this.#random.between(least, most), fails ? 3 : 0);
    }
  }

  #endIn(process: Process, milliseconds: number, code: number): void {
    this.#in(milliseconds, () => {
      process.end(code);
    });
  }

  #processGone(process: Process, how: 'ended' | 'killed', host: number): void {
    if (process.task === undefined) return;
    this.#note(`rank ${process.task} is ${how} on ${host}`);
    const others = this.#tries.gone(process);
    if (how === 'killed' && this.#scenario.missed)
      for (const other of others) this.#endIn(other, this.#random.between(10, 3000), 1);
  }

  #befall(misfortune: Misfortune): void {
    switch (misfortune.kind) {
      case 'kill-crew':
        this.#oneOf(this.#working(), (victim) => {
          this.#note(`${victim.host} is killed`);
          this.#kill(victim);
        });
        return;
      case 'fire-crew':
        this.#oneOf(this.#working(), ({ actor, crew, host }) => {
          this.#note(`${host} is fired`);
          this.#agenda.at(this.#agenda.now, actor, () => {
            crew.leave();
          });
        });
        return;
      case 'stop-crew':
        this.#oneOf(this.#working(), ({ actor, host }) => {
          this.#stand(host, actor, misfortune.for);
        });
        return;
      case 'kill-dispatcher':
        for (const { actor, id } of this.#dispatchers) {
          if (!actor.isGone) this.#note(`${id} is killed`);
          actor.isGone = true;
        }
        this.#in(this.#random.between(0, 30_000), () => {
          const isThere = this.#dispatchers.some(({ id, actor }) => id === this.#chief && !actor.isGone);
          if (!isThere) this.#startDispatcher(true);
        });
        return;
      case 'stop-dispatcher':
        this.#replaceDispatcher(misfortune.for);
        return;
      case 'second-dispatcher':
        this.#endDispatcher(this.#startDispatcher(false), this.#random.between(1000, 60_000));
        return;
      case 'cancel':
        this.#note('it is cancelled');
        perform(this.#files, cancelFanOut(layout, gangName));
        perform(this.#files, cancelSlices(layout, gangName));
    }
  }

  /** One stands still, another takes its lock, and the first finds that out only some time after it goes on. */
  #replaceDispatcher(milliseconds: number): void {
    const chief = this.#dispatchers.find(({ id, actor }) => id === this.#chief && !actor.isGone);
    if (chief === undefined) return;
    this.#stand(chief.id, chief.actor, milliseconds);
    this.#in(this.#random.between(0, milliseconds), () => {
      if (this.#chief === chief.id && !chief.actor.isGone) this.#startDispatcher(true);
    });
    this.#endDispatcher(chief, milliseconds + this.#random.between(0, 8000));
  }

  #endDispatcher({ actor, id, dispatcher }: Dispatching, after: number): void {
    this.#in(after, () => {
      // Whoever kept the lock goes on.
      if (this.#chief === id) return;
      this.#note(`${id} ends`);
      this.#agenda.at(this.#agenda.now, actor, () => {
        dispatcher.stop();
      });
    });
  }

  /** Also in the midst of a turn, if nobody else is kept by it. */
  #stand(who: string, actor: Actor, milliseconds: number): void {
    const { running, now } = this.#agenda;
    if (running.includes(actor) && running[0] !== actor) {
      this.#in(1, () => {
        this.#stand(who, actor, milliseconds);
      });
      return;
    }
    this.#note(
      `${who} stands still for ${milliseconds / 1000} s${running.includes(actor) ? ', in its turn' : ''}`,
    );
    actor.standsUntil = now + milliseconds;
  }

  #kill({ actor, starter }: Staffed): void {
    actor.isGone = true;
    starter.die();
  }

  #oneOf<T>(all: readonly T[], action: (one: T) => void): void {
    if (all.length > 0) action(this.#random.pick(all));
  }

  /** Crews that have a pod. */
  #working(): Staffed[] {
    const pods = namesIn(this.#tree, layout.jobpods).map(parsePodName);
    const crews = new Set(pods.flatMap((pod) => (pod?.kind === 'live' ? [pod.crew] : [])));
    return this.#crews.filter(
      ({ actor, host }) => !actor.isGone && [...crews].some((crew) => crew.startsWith(`${host}-`)),
    );
  }

  #look(): void {
    const { watch, misfortunes, crews } = this.#scenario;
    const fault = watch?.(this.#tree, this.#elapsed);
    if (fault !== undefined) this.#fail(fault);
    if (this.#fault !== undefined) throw new Over();
    if (this.#elapsed % rehireEvery === 0) this.#rehire(crews);
    const last = misfortunes.at(-1)?.[0] ?? 0;
    if (this.#elapsed <= last || !this.#isOver()) return;
    this.#over = this.#elapsed;
    throw new Over();
  }

  #rehire(wanted: readonly number[]): void {
    const here = this.#working();
    const missing = [...wanted];
    for (const { workers } of here) {
      const index = missing.indexOf(workers);
      if (index >= 0) missing.splice(index, 1);
    }
    const [workers] = missing;
    if (workers !== undefined && this.#random.next() < 0.3) this.#hire(workers);
  }

  /** Nothing waits, nothing runs, no pod is left of who is gone, and all workers are on offer. */
  #isOver(): boolean {
    if (this.#tries.anyRuns || namesIn(this.#tree, layout.jobqueue).length > 0) return false;
    const here = this.#working();
    if (here.length < this.#scenario.crews.length) return false;
    const offered = namesIn(this.#tree, layout.workerqueue).length;
    const workers = here.reduce((sum, one) => sum + one.workers, 0);
    return namesIn(this.#tree, layout.jobpods).length === here.length && offered === workers;
  }

  #played(): GangPlayed {
    const verdict = (['done', 'failed'] as const).find((one) =>
      namesIn(this.#tree, layout[one]).some((name) => name.startsWith('train@')),
    );
    if (this.#over === 0)
      this.#fail(`it is not over: ${[...this.#left()].join(', ').slice(0, 2000) || 'workers are missing'}`);
    const outcomes = verdict === undefined ? new Map<number, string>() : this.#outcomes(verdict);
    return {
      fault: this.#fault,
      history: this.#history,
      verdict,
      began: this.#began,
      over: this.#over,
      outcomes,
      tries: this.#held,
    };
  }

  *#left(): Iterable<string> {
    for (const directory of [layout.jobqueue, layout.jobpods, layout.workerqueue])
      for (const [path] of filesBelow(this.#tree, directory))
        if (!/outcomes|output|crew\.json|heartbeat|inputs/.test(path))
          yield path.slice(layout.root.length + 1);
  }

  /** As PROTOCOL.md says; it shares no code with what it checks. */
  #outcomes(verdict: 'done' | 'failed'): Map<number, string> {
    const name = namesIn(this.#tree, layout[verdict]).find((one) => one.startsWith('train@')) ?? '';
    const directory = `${layout[verdict]}/${name}`;
    const limits = new Map(
      namesIn(this.#tree, `${directory}/sealed`).map((seal) => {
        const [token = '', lines] = seal.split('=');
        return [token, Number(lines)] as const;
      }),
    );
    const counts = new Map<string, number>();
    const outcomes = new Map<number, string>();
    for (const [, file] of filesBelow(this.#tree, `${directory}/outcomes`))
      for (const text of file.read().toString('utf8').split('\n')) {
        if (text === '') continue;
        const line = JSON.parse(text) as { task: number; token: string; outcome?: { kind: string } };
        const count = (counts.get(line.token) ?? 0) + 1;
        counts.set(line.token, count);
        if (count > (limits.get(line.token) ?? Infinity)) continue;
        const kind = line.outcome?.kind ?? 'done';
        if (outcomes.get(line.task) === 'done') {
          if (kind === 'done') this.#fail(`rank ${line.task} is done twice`);
          continue;
        }
        outcomes.set(line.task, kind);
      }
    return outcomes;
  }
}
