import type { GpuKind } from '../../job/job.js';
import { type CrewFile, parseCrewFile } from '../../queue/crew-file.js';
import { fenceCrew } from '../../queue/fence-crew.js';
import { layToRest } from '../../queue/lay-to-rest.js';
import { type CrewId, makeCrewId, parsePodName } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { list, read } from '../../queue/steps.js';
import { newToken } from '../../queue/token.js';
import type { Served } from '../served.js';
import { type Held, RemoteCrew } from './remote-crew.js';

/** What a worker says that it has. */
export interface WorkerOffer {
  /** Jobs that it runs at once. */
  readonly workers: number;
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
}

/** All crews that the server keeps pods for: a cache of what the pods themselves say. */
export class RemoteCrews {
  readonly #served: Served;
  readonly #crews = new Map<CrewId, RemoteCrew>();
  /** By the names of their tokens. */
  readonly #byName = new Map<string, Set<RemoteCrew>>();

  constructor(served: Served) {
    this.#served = served;
    this.#adopt();
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
      this.#forget(crew);
    }
  }

  /** What a worker holds under this id; undefined: it does not, or not any more. */
  find(name: string, id: string): Held | undefined {
    return this.#find(name, id) ?? (this.#adopt() ? this.#find(name, id) : undefined);
  }

  /** Everything that a worker holds. */
  *heldBy(name: string): Generator<Held> {
    for (const crew of this.#of(name)) yield* crew.held();
  }

  /** Gives up what nobody uses. What is held stays: its workers go on, and ask whoever serves next. */
  close(): void {
    const { files, layout, clock } = this.#served;
    for (const crew of this.#crews.values()) {
      if (!crew.isIdle) continue;
      const returning = { writer: crew.id, time: clock.timestamp(), countLost: false, releaseItems: true };
      if (perform(files, fenceCrew(layout, crew.id)) === 'fenced')
        perform(files, layToRest(layout, crew.id, returning));
    }
  }

  #find(name: string, id: string): Held | undefined {
    for (const crew of this.#of(name)) {
      const held = crew.find(id);
      if (held === undefined) continue;
      if (crew.has(held)) return held;
      crew.drop(held);
    }
    return undefined;
  }

  /** A crew of this worker's that offers just this, and has a worker free. */
  #crewFor(name: string, offer: WorkerOffer): RemoteCrew {
    for (const crew of this.#of(name)) if (crew.hasFreeWorker && isOffer(crew.file, offer)) return crew;
    const id = makeCrewId(name, newToken().slice(0, 8));
    const crew = new RemoteCrew(this.#served, id, this.#describe(id, name, offer));
    crew.raise();
    this.#remember(crew);
    return crew;
  }

  #describe(id: CrewId, name: string, offer: WorkerOffer): CrewFile {
    const { workers, cpus, memory, gpus, gpu, labels, patience, instance, address } = offer;
    const { clock, version } = this.#served;
    const { lease, retries } = this.#served.workers;
    return {
      ...{ format: 1, id, version, host: name },
      // Its process is nothing that anybody here could look at.
      ...{ bootId: '', pidNamespace: '', pid: 0, started: '', guardianPid: 0, guardianStarted: '' },
      ...{ workers, cpus, memory, gpus, lease, labels, hints: [], gpu },
      session: { kind: 'http', name: instance },
      remote: { patience, address },
      losses: retries + 1,
      born: clock.timestamp(),
    };
  }

  #of(name: string): ReadonlySet<RemoteCrew> {
    return this.#byName.get(name) ?? none;
  }

  #remember(crew: RemoteCrew): void {
    const { host } = crew.file;
    this.#crews.set(crew.id, crew);
    this.#byName.set(host, (this.#byName.get(host) ?? new Set()).add(crew));
  }

  #forget(crew: RemoteCrew): void {
    this.#crews.delete(crew.id);
    this.#byName.get(crew.file.host)?.delete(crew);
  }

  /** Goes on with pods that another server has kept. Returns whether there were any. */
  #adopt(): boolean {
    const { files, layout } = this.#served;
    let found = false;
    const present = new Set<CrewId>();
    for (const name of perform(files, list(layout.jobpods)) ?? []) {
      const pod = parsePodName(name);
      if (pod?.kind !== 'live') continue;
      present.add(pod.crew);
      if (this.#crews.has(pod.crew)) continue;
      const bytes = perform(files, read(layout.pod(pod.crew).crewFile));
      const file = bytes === undefined ? undefined : parseCrewFile(bytes);
      if (file?.remote === undefined) continue;
      const crew = new RemoteCrew(this.#served, pod.crew, file);
      crew.adopt();
      this.#remember(crew);
      found = true;
    }
    for (const [id, crew] of this.#crews) if (!present.has(id)) this.#forget(crew);
    return found;
  }
}

const none: ReadonlySet<RemoteCrew> = new Set();

function isOffer(file: CrewFile, offer: WorkerOffer): boolean {
  const { workers, cpus, memory, gpus, gpu, labels, patience, instance } = offer;
  const asked = [workers, cpus, memory, gpus, { ...gpu }, labels, patience, instance];
  const its = [
    file.workers,
    file.cpus,
    file.memory,
    file.gpus,
    { ...file.gpu },
    file.labels,
    file.remote?.patience,
    file.session.name,
  ];
  return JSON.stringify(asked) === JSON.stringify(its);
}
