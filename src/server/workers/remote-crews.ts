import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { decodeJobName, decodeLabel } from '../../job/decode/decode-job.js';
import type { GpuKind } from '../../job/job.js';
import { type CrewFile, parseCrewFile } from '../../queue/crew-file.js';
import { tokenOf } from '../../queue/entry-name.js';
import { type CrewId, hostOf, makeCrewId } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { read } from '../../queue/steps.js';
import { newToken } from '../../queue/token.js';
import { nextNumber } from '../claim-numbers.js';
import { describeFailure } from '../describe-failure.js';
import type { Desk } from '../jobmgr-routes.js';
import type { Served } from '../served.js';
import { PodList } from './pod-list.js';
import { type Held, RemoteCrew } from './remote-crew.js';

/** What a worker says that it has. */
export interface WorkerOffer {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
  readonly gpu: GpuKind;
  readonly labels: readonly string[];
  /** Seconds: see `Remote`. */
  readonly patience: number;
  /** From where it asks. */
  readonly address: string | undefined;
  /** Tells apart programs that use one token; '': it does not say. */
  readonly instance: string;
  /** Whether it can run job files and slices, too. */
  readonly isOurs: boolean;
}

/** Milliseconds for which a crew without a job is kept for its worker's next request … */
const keptFor = 60_000;
/** … and between two looks for those that nobody needs any more. */
const lookEvery = 10_000;

/** Of one worker, that are free and offer something else than what it asks with now: the oldest is given up for a new one. */
const mostOthers = 100;
/** Crews of others whose ids could be this worker's, as far as they are remembered. */
const mostStrangers = 10_000;

/** For the last requests, when the server ends. */
const mostLooks = 60;
const betweenLooks = 50;

/** Bytes of a file's name. */
const longestEntry = 255;

/** What is asked whether a job was ever given out. */
type RemoteDesk = Pick<Desk, 'served' | 'paths' | 'index'>;

/** The crews that the server keeps pods for. Of those that other servers have raised it knows what they hold. */
export class RemoteCrews {
  readonly #desk: RemoteDesk;
  readonly #served: Served;
  readonly #pods: PodList;
  /** By the names of their tokens. */
  readonly #own = new Map<string, Set<RemoteCrew>>();
  readonly #foreign = new Map<string, Set<RemoteCrew>>();
  /** Crews that are no worker's of a server. */
  readonly #strangers = new Set<CrewId>();
  readonly #resting: NodeJS.Timeout;

  constructor(desk: RemoteDesk) {
    this.#desk = desk;
    this.#served = desk.served;
    this.#pods = new PodList(desk.served);
    this.#tidy();
    this.#resting = setInterval(() => {
      this.#rest(keptFor);
    }, lookEvery);
  }

  /** A job for this worker; undefined: there was none before the time was up. */
  async pull(
    name: string,
    offer: WorkerOffer,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<Held | undefined> {
    const { clock } = this.#served;
    const until = clock.monotonic() + milliseconds;
    for (;;) {
      const crew = this.#crewFor(name, offer);
      const taken = await crew.offer(Math.max(0, until - clock.monotonic()), signal);
      if (taken === 'nothing') return undefined;
      if (taken !== 'fenced') return taken;
      this.#own.get(name)?.delete(crew);
    }
  }

  /** What a worker holds under this id; undefined: it does not, or not any more. */
  find(name: string, id: string): Held | undefined {
    for (const crew of this.#of(name)) if (crew.held?.id === id && crew.has(crew.held)) return crew.held;
    return this.#mayBeHeld(id) ? this.#look(name).find((held) => held.id === id) : undefined;
  }

  /** Nobody makes the server look at pods by asking for what was never given out, or has ended for good. */
  #mayBeHeld(id: string): boolean {
    const { files, layout } = this.#served;
    if (!this.mayBeKnown(id)) return false;
    if (isNumber(id)) return true;
    return (['done', 'failed'] as const).every((verdict) => !files.exists(layout.finished(verdict, id)));
  }

  /** Whether anything that workers are given could ever have had this id. */
  mayBeKnown(id: string): boolean {
    const { served, paths, index } = this.#desk;
    if (!isNumber(id))
      return tokenOf(id) !== undefined && !/[/\0]/.test(id) && Buffer.byteLength(id) <= longestEntry;
    // A person may have given a number to a job.
    const isGiven = Number(id) < perform(served.files, nextNumber(paths, 'job'));
    return isGiven || index.find(decodeJobName(Number(id))) !== undefined;
  }

  /** Everything that a worker holds. `fresh`: as the pods tell, whoever keeps them. */
  heldBy(name: string, fresh: boolean): Held[] {
    return fresh ? this.#look(name) : [...this.#of(name)].flatMap(({ held }) => held ?? []);
  }

  /** Gives up what nobody uses. What is held stays: its workers go on, and ask whoever serves next. */
  async close(): Promise<void> {
    clearInterval(this.#resting);
    // Those who ask are answered first.
    for (let looks = 0; looks < mostLooks && this.#isAsked(); looks++) await setTimeout(betweenLooks);
    this.#rest(0);
  }

  #isAsked(): boolean {
    return [...this.#own.values()].some((crews) => [...crews].some(({ isOffered }) => isOffered));
  }

  *#of(name: string): Generator<RemoteCrew> {
    yield* this.#own.get(name) ?? [];
    yield* this.#foreign.get(name) ?? [];
  }

  #rest(after: number): void {
    for (const crews of this.#own.values())
      for (const crew of [...crews]) if ((crew.idleFor ?? -1) >= after) this.#giveUp(crews, crew);
  }

  /** What still holds something stays: its end was not written down, say. */
  #giveUp(crews: Set<RemoteCrew>, crew: RemoteCrew): void {
    crews.delete(crew);
    this.#guard(() => {
      if (crew.rest() === 'holds') crews.add(crew);
    });
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      // What is left is given up by a dispatcher, at its lease's end.
      this.#served.remark(describeFailure(error));
    }
  }

  /** A crew of this worker's that offers just this, and is free. Those that offered something else are given up. */
  #crewFor(name: string, offer: WorkerOffer): RemoteCrew {
    const crews = this.#own.get(name) ?? new Set();
    this.#own.set(name, crews);
    const others: RemoteCrew[] = [];
    for (const crew of [...crews]) {
      if (crew.idleFor === undefined || crew.look() !== undefined) continue;
      if (isOffer(crew.file, offer)) return crew;
      if (offer.instance !== '' && crew.file.session.name === offer.instance) this.#giveUp(crews, crew);
      else others.push(crew);
    }
    const [oldest] = others.sort((a, b) => (b.idleFor ?? 0) - (a.idleFor ?? 0));
    if (oldest !== undefined && others.length >= mostOthers) this.#giveUp(crews, oldest);
    const id = makeCrewId(name, newToken().slice(0, 8));
    const crew = new RemoteCrew(this.#served, id, this.#describe(id, name, offer), true);
    crew.raise();
    crews.add(crew);
    return crew;
  }

  #describe(id: CrewId, name: string, offer: WorkerOffer): CrewFile {
    const { cpus, memory, gpus, gpu, labels, patience, instance, address, isOurs } = offer;
    const { clock, version, host } = this.#served;
    const { lease, retries } = this.#served.workers;
    return {
      ...{ format: 1, id, version, host: name },
      // Its process is nothing that anybody here could look at.
      ...{ bootId: '', pidNamespace: '', pid: 0, started: '', guardianPid: 0, guardianStarted: '' },
      ...{ workers: 1, cpus, memory, gpus, lease, labels, hints: [], gpu },
      ...(isOurs ? {} : { only: decodeLabel }),
      session: { kind: 'http', name: instance },
      remote: { patience, address, server: host.identify(process.pid) },
      losses: retries + 1,
      born: clock.timestamp(),
    };
  }

  /** What the pods of this worker's crews hold, and those of other servers are among them. */
  #look(name: string): Held[] {
    const own = this.#own.get(name) ?? new Set<RemoteCrew>();
    const known = new Map([...own, ...(this.#foreign.get(name) ?? [])].map((crew) => [crew.id, crew]));
    const foreign = new Set<RemoteCrew>();
    const held: Held[] = [];
    const host = hostOf(makeCrewId(name, '00000000'));
    for (const id of this.#pods.read()) {
      if (hostOf(id) !== host || this.#strangers.has(id)) continue;
      const crew = known.get(id) ?? this.#read(id);
      if (crew?.file.host !== name) continue;
      if (!own.has(crew)) foreign.add(crew);
      const one = crew.look();
      if (one !== undefined) held.push(one);
    }
    this.#foreign.set(name, foreign);
    return held;
  }

  /** Servers that have died can do nothing for their crews any more. What those hold stays theirs. */
  #tidy(): void {
    for (const id of this.#pods.read()) {
      const crew = this.#read(id);
      const server = crew?.file.remote?.server;
      if (crew === undefined || server === undefined || this.#served.host.judge(server) !== 'dead') continue;
      this.#guard(() => {
        crew.tidy();
      });
    }
  }

  /** Undefined: it is no crew of a server's, or gone. */
  #read(id: CrewId): RemoteCrew | undefined {
    const { files, layout } = this.#served;
    const bytes = perform(files, read(layout.pod(id).crewFile));
    const file = bytes === undefined ? undefined : parseCrewFile(bytes);
    if (file === undefined) return undefined;
    if (file.remote !== undefined) return new RemoteCrew(this.#served, id, file, false);
    // That is so for as long as there is such a crew.
    if (this.#strangers.size >= mostStrangers) this.#strangers.clear();
    this.#strangers.add(id);
    return undefined;
  }
}

/** DECODE's jobs go by numbers, all others by the names of their entries. */
export function isNumber(id: string): boolean {
  return /^[1-9]\d{0,14}$/.test(id);
}

function isOffer(file: CrewFile, offer: WorkerOffer): boolean {
  const { cpus, memory, gpus, gpu, labels, patience, instance, isOurs } = offer;
  return (
    file.cpus === cpus &&
    file.memory === memory &&
    file.gpus === gpus &&
    file.remote?.patience === patience &&
    file.session.name === instance &&
    (file.only === undefined) === isOurs &&
    isDeepStrictEqual(file.labels, labels) &&
    isDeepStrictEqual(file.gpu, gpu)
  );
}
