import { parseCrewFile } from '../../queue/crew-file.js';
import { isIgnored } from '../../queue/entry-name.js';
import { type CrewId, classifyPodFile, parsePodName } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { list, read } from '../../queue/steps.js';
import type { Served } from '../served.js';
import { isJob } from './job-record.js';

/** A crew whose pod is there, and not taken away. */
export interface CrewSummary {
  readonly crew: CrewId;
  readonly host: string;
  readonly workers: number;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
  /** ISO 8601; '' if its file cannot be read. */
  readonly born: string;
}

/** A crew, and all entries that it has started: jobs, and slices of runs. */
export interface BusyCrew extends CrewSummary {
  readonly running: readonly string[];
}

/** An entry that a crew holds. */
export interface Held {
  readonly id: string;
  readonly state: 'assigned' | 'running';
  readonly crew: CrewId;
}

export interface PodNews {
  readonly held: readonly Held[];
  /** What it held at the last look and does not hold any more. */
  readonly left: readonly Held[];
}

interface Pod {
  readonly summary: CrewSummary;
  readonly isLive: boolean;
  held: ReadonlyMap<string, Held>;
  running: readonly string[];
  readonly unhang: () => void;
}

/** Looks at pods: all of them now and then, and those of which a bell was heard. */
export class PodWatch {
  readonly #served: Served;
  readonly #ring: () => void;
  readonly #pods = new Map<CrewId, Pod>();
  readonly #heard = new Set<CrewId>();
  readonly #hosts = new Map<CrewId, string>();
  readonly #silence: () => void;
  #isListDue = true;

  constructor(served: Served, ring: () => void) {
    this.#served = served;
    this.#ring = ring;
    this.#silence = served.doorbells.hang(served.layout.jobpods, (_name, event) => {
      if (event === 'change') return;
      this.#isListDue = true;
      ring();
    });
  }

  /** Crews whose pods stand there, not taken away. */
  get crews(): CrewSummary[] {
    return [...this.#pods.values()].filter(({ isLive }) => isLive).map(({ summary }) => summary);
  }

  get busyCrews(): BusyCrew[] {
    return [...this.#pods.values()]
      .filter(({ isLive }) => isLive)
      .map(({ summary, running }) => ({ ...summary, running }));
  }

  /** One pod for each step. */
  *look(all: boolean): Generator<PodNews> {
    if (all || this.#isListDue) yield* this.#listPods();
    const due = all ? [...this.#pods.keys()] : [...this.#heard];
    this.#heard.clear();
    for (const crew of due) {
      const pod = this.#pods.get(crew);
      if (pod !== undefined) yield this.#lookInto(crew, pod);
    }
  }

  /** Of crews that are long gone only their name tells. */
  hostOf(crew: CrewId): string {
    return this.#hosts.get(crew) ?? crew.replace(/-[^-]*$/, '');
  }

  close(): void {
    this.#silence();
    for (const pod of this.#pods.values()) pod.unhang();
  }

  *#listPods(): Generator<PodNews> {
    this.#isListDue = false;
    const { files, layout } = this.#served;
    const there = new Map<CrewId, boolean>();
    for (const name of perform(files, list(layout.jobpods)) ?? []) {
      const pod = parsePodName(name);
      if (pod !== undefined && pod.kind !== 'unborn')
        there.set(pod.crew, pod.kind === 'live' || there.get(pod.crew) === true);
    }
    for (const [crew, pod] of this.#pods) {
      if (there.get(crew) === pod.isLive) continue;
      pod.unhang();
      this.#pods.delete(crew);
      if (there.has(crew)) this.#open(crew, false, pod.held);
      else yield { held: [], left: [...pod.held.values()] };
    }
    for (const [crew, isLive] of there) if (!this.#pods.has(crew)) this.#open(crew, isLive, new Map());
  }

  #open(crew: CrewId, isLive: boolean, held: Pod['held']): void {
    const { layout, doorbells } = this.#served;
    const paths = isLive ? layout.pod(crew) : layout.fencedPod(crew);
    const ring = (_name: string | undefined, event: 'rename' | 'change'): void => {
      // Heartbeats are no news.
      if (event === 'change') return;
      this.#heard.add(crew);
      this.#ring();
    };
    const bells = [paths.directory, paths.running].map((directory) => doorbells.hang(directory, ring));
    const unhang = (): void => {
      for (const silence of bells) silence();
    };
    this.#pods.set(crew, {
      summary: this.#summarize(crew, paths.crewFile),
      isLive,
      held,
      running: [],
      unhang,
    });
    this.#heard.add(crew);
  }

  #summarize(crew: CrewId, path: string): CrewSummary {
    const bytes = perform(this.#served.files, read(path));
    const file = bytes === undefined ? undefined : parseCrewFile(bytes);
    if (file !== undefined) this.#hosts.set(crew, file.host);
    const { workers = 0, cpus = 0, memory = 0, gpus = 0, born = '' } = file ?? {};
    return { crew, host: this.hostOf(crew), workers, cpus, memory, gpus, born };
  }

  #lookInto(crew: CrewId, pod: Pod): PodNews {
    const { files, layout } = this.#served;
    const paths = pod.isLive ? layout.pod(crew) : layout.fencedPod(crew);
    const held = new Map<string, Held>();
    for (const id of perform(files, list(paths.directory)) ?? [])
      if (isJob(id) && classifyPodFile(id).kind === 'entry') held.set(id, { id, state: 'assigned', crew });
    pod.running = (perform(files, list(paths.running)) ?? []).filter((name) => !isIgnored(name));
    for (const id of pod.running) if (isJob(id)) held.set(id, { id, state: 'running', crew });
    const left = [...pod.held.values()].filter(({ id, state }) => held.get(id)?.state !== state);
    pod.held = held;
    return { held: [...held.values()], left };
  }
}
