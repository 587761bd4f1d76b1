import { parseCursor } from '../../src/queue/fan-out-paths.js';
import { Random } from '../chaos/random.js';
import { Actor, Agenda } from './agenda.js';
import { type Purpose, Share, SharedFiles } from './files.js';
import { Network } from './network.js';
import { fillWithFiles, fillWithTasks, mostInputs, sweepName } from './queue.js';
import type { FileServer } from './server.js';
import { type Site, layout, makeCrew, makeDispatcher } from './staff.js';
import { ModelledTasks, Work } from './tasks.js';
import { withTimersOf } from './timers.js';
import { FileNode, Tree } from './tree.js';

export interface Scenario {
  readonly hosts: number;
  readonly workersPerHost: number;
  /** Tasks of one fan-out job, or job files. */
  readonly kind: 'tasks' | 'files';
  readonly count: number;
  readonly taskSeconds: number;
  readonly server: FileServer;
  /** Of virtual time. What is told is of the second half of it. */
  readonly seconds: number;
  readonly seed: number;
}

/** By the second of virtual time, in the second half of it. */
export interface Figures {
  /** Seconds after which the first task began; undefined: none has. */
  readonly began: number | undefined;
  /** Tasks, or job files, that have ended. */
  readonly ended: number;
  /** Slices that were carved since the beginning. */
  readonly carved: number;
  /** Slices that were carved; 0 if the queue holds job files. */
  readonly slices: number;
  /** Which share of the workers' time was spent on tasks. */
  readonly used: number;
  /** Calls to the file server, by what they were for. */
  readonly calls: ReadonlyMap<Purpose, number>;
  /** How much of the server's time they take: at 1 it does nothing else. */
  readonly server: number;
  /** How much of it crews' calls take. */
  readonly serverForCrews: number;
  /** Which share of its time the dispatcher waits for the server. */
  readonly waiting: number;
  /** Seconds of CPU of the dispatcher's own code, measured on the machine that simulates. */
  readonly cpu: number;
  /** Bytes that are added to journals, and to outcomes. */
  readonly journals: number;
  readonly outcomes: number;
  /** Datagrams. */
  readonly hints: number;
  /** Calls that it took to hire all crews. */
  readonly births: number;
}

/** Plays fjr as it is, its dispatcher and all of its crews, on a file server and with tasks that are modelled. */
export function play(scenario: Scenario): Figures {
  const agenda = new Agenda(hiring + scenario.seconds * 1000);
  return withTimersOf(agenda, () => new Stage(scenario, agenda).play());
}

/** Milliseconds in which all crews are hired, before the dispatcher starts. */
const hiring = 10_000;

class Stage {
  readonly #scenario: Scenario;
  readonly #agenda: Agenda;
  readonly #tree = new Tree();
  readonly #site: Site;
  readonly #work: Work;
  readonly #random: Random;
  /** When one begins to look, and when one ends. */
  readonly #from: number;
  readonly #until: number;
  readonly #dispatching = new Actor(true);

  constructor(scenario: Scenario, agenda: Agenda) {
    const { taskSeconds, seconds, seed, server } = scenario;
    this.#scenario = scenario;
    this.#agenda = agenda;
    this.#site = { share: new Share(this.#tree, agenda, server), network: new Network(agenda) };
    this.#random = new Random(seed);
    this.#until = hiring + seconds * 1000;
    this.#from = this.#until - seconds * 500;
    this.#work = new Work(taskSeconds * 1000, this.#random, this.#from, this.#until);
  }

  play(): Figures {
    const { hosts, kind, count } = this.#scenario;
    const setup = new SharedFiles(this.#site.share, new Actor(), 'crews');
    for (const path of ['', layout.root, ...layout.directories, `${layout.root}/home`])
      setup.ensureDirectory(path);
    if (kind === 'files') fillWithFiles(this.#tree, layout, count);
    else fillWithTasks(this.#tree, setup, layout, count);
    const before = this.#site.share.freeCalls;
    for (let host = 0; host < hosts; host++) {
      const actor = new Actor();
      this.#agenda.at((hiring * host) / hosts, actor, () => {
        this.#hire(host, actor);
      });
    }
    let births = 0;
    this.#agenda.at(hiring, this.#dispatching, () => {
      births = this.#site.share.freeCalls - before;
      this.#site.share.isFree = false;
      this.#dispatch();
    });
    let first = this.#count();
    this.#agenda.at(this.#from, new Actor(), () => {
      first = this.#count();
    });
    this.#agenda.run();
    return this.#figures(first, this.#count(), births);
  }

  #dispatch(): void {
    makeDispatcher(this.#site, this.#dispatching, () => this.#random.next()).start();
  }

  #hire(host: number, actor: Actor): void {
    const tasks = new ModelledTasks(this.#site.share, actor, this.#work);
    makeCrew(this.#site, actor, tasks, host, this.#scenario.workersPerHost).start();
  }

  #count(): Counted {
    const { calls, time } = this.#site.share;
    return {
      calls: new Map(calls),
      work: time.work,
      workForCrews: this.#site.share.workForCrews,
      ended: this.#work.ended,
      slices: this.#carved(),
      waited: this.#site.share.waited,
      cpu: this.#dispatching.stopwatch.total,
      hints: this.#site.network.sent,
      journals: this.#bytesIn(layout.journal),
      outcomes: this.#bytesIn(`${layout.queued(sweepName)}/outcomes`),
    };
  }

  #carved(): number {
    const names = this.#tree.directory(layout.queued(sweepName))?.names.keys() ?? [];
    const { next, slices } = parseCursor([...names]) ?? { next: 0, slices: 0 };
    if (next > mostInputs)
      throw new Error(
        `more than ${mostInputs} tasks are given out in ${this.#scenario.seconds} s: look at fewer seconds`,
      );
    return slices;
  }

  #bytesIn(path: string): number {
    const nodes = this.#tree.directory(path)?.names.values() ?? [];
    return sumOf([...nodes].map((node) => (node instanceof FileNode ? node.size : 0)));
  }

  #figures(first: Counted, last: Counted, births: number): Figures {
    const ms = this.#until - this.#from;
    const seconds = ms / 1000;
    const { hosts, workersPerHost } = this.#scenario;
    const { began } = this.#work;
    const rate = (what: NumbersOf<Counted>): number => (last[what] - first[what]) / seconds;
    const calls = [...last.calls].map(
      ([purpose, count]) => [purpose, (count - (first.calls.get(purpose) ?? 0)) / seconds] as const,
    );
    return {
      began: began === undefined ? undefined : (began - hiring) / 1000,
      ended: rate('ended'),
      slices: rate('slices'),
      carved: last.slices,
      used: this.#work.busy / (hosts * workersPerHost * ms),
      calls: new Map(calls),
      server: rate('work') / 1000,
      serverForCrews: rate('workForCrews') / 1000,
      waiting: rate('waited') / 1000,
      cpu: rate('cpu') / 1000,
      journals: rate('journals'),
      outcomes: rate('outcomes'),
      hints: rate('hints'),
      births,
    };
  }
}

interface Counted {
  readonly calls: ReadonlyMap<Purpose, number>;
  readonly work: number;
  readonly workForCrews: number;
  readonly ended: number;
  readonly slices: number;
  /** Milliseconds that the dispatcher has waited. */
  readonly waited: number;
  readonly cpu: number;
  readonly hints: number;
  readonly journals: number;
  readonly outcomes: number;
}

type NumbersOf<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

function sumOf(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
