import { type Slice, parseSlice, tasksIn } from '../../src/job/fan-out.js';
import { parseEntryName } from '../../src/queue/entry-name.js';
import type { Process } from './ranks.js';
import { layout } from './staff.js';
import { DirectoryNode, FileNode, type Tree } from './tree.js';

/** One try of a gang that goes. */
interface Try {
  /** The first rank of each place. */
  readonly firsts: ReadonlySet<number>;
  readonly begun: Set<number>;
}

interface Running {
  readonly process: Process;
  readonly rank: number;
  readonly gang: string;
  /** All that it waits for are there. */
  isMet: boolean;
}

/** What ranks see of each other, and what must never be: told by what lies in the project, and by who runs. */
export class GangTries {
  readonly #tree: Tree;
  readonly #fault: (what: string) => void;
  readonly #tries = new Map<string, Try>();
  readonly #running = new Set<Running>();

  constructor(tree: Tree, fault: (what: string) => void) {
    this.#tree = tree;
    this.#fault = fault;
  }

  get anyRuns(): boolean {
    return this.#running.size > 0;
  }

  /** A try may go only when each of its slices has been started by some crew. */
  goes(gang: string): void {
    const firsts = new Set<number>();
    for (const { path, slice } of this.#slicesOf(gang)) {
      const [first] = tasksIn(slice.tasks);
      if (first !== undefined) firsts.add(first);
      if (!/\/(running|sealed)\//.test(path)) this.#fault(`try ${gang} goes, and ${path} has not started`);
    }
    this.#tries.set(gang, { firsts, begun: new Set() });
  }

  /** Returns the processes that need wait no longer, since all that their try began with have been there. */
  begun(process: Process): readonly Process[] {
    const rank = process.task ?? -1;
    const gang = this.#sliceOf(process.token)?.gang;
    const its = this.#tries.get(gang ?? '');
    if (gang === undefined || its === undefined) {
      this.#fault(
        `rank ${rank} begins in ${gang === undefined ? 'no try' : `try ${gang}, which never went`}`,
      );
      return [];
    }
    for (const other of this.#running) {
      if (other.gang !== gang) this.#fault(`rank ${rank} of ${gang} begins beside one of ${other.gang}`);
      if (other.rank === rank) this.#fault(`rank ${rank} begins twice`);
    }
    this.#running.add({ process, rank, gang, isMet: false });
    its.begun.add(rank);
    if ([...its.firsts].some((first) => !its.begun.has(first))) return [];
    const met = [...this.#running].filter((one) => one.gang === gang && !one.isMet);
    for (const one of met) one.isMet = true;
    return met.map((one) => one.process);
  }

  /** Returns those beside which it ran. */
  gone(process: Process): readonly Process[] {
    const one = [...this.#running].find((running) => running.process === process);
    if (one === undefined) return [];
    this.#running.delete(one);
    return [...this.#running].filter(({ gang }) => gang === one.gang).map((other) => other.process);
  }

  #sliceOf(token: string): Slice | undefined {
    for (const { path, slice } of this.#slices()) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (name.startsWith(`${token}=`) || parseEntryName(name).token === token) return slice;
    }
    return undefined;
  }

  *#slicesOf(gang: string): Iterable<{ path: string; slice: Slice }> {
    for (const found of this.#slices()) if (found.slice.gang === gang) yield found;
  }

  /** All there are, wherever they lie. */
  *#slices(): Iterable<{ path: string; slice: Slice }> {
    for (const directory of [layout.jobqueue, layout.jobpods, layout.done, layout.failed])
      for (const [path, file] of filesBelow(this.#tree, directory)) {
        const isSlice = path.endsWith('.slice') || path.includes('/sealed/');
        const slice = isSlice ? parseSlice(file.read()) : undefined;
        if (slice !== undefined) yield { path, slice };
      }
  }
}

export function* filesBelow(tree: Tree, path: string): Iterable<readonly [path: string, file: FileNode]> {
  for (const [name, node] of tree.directory(path)?.names ?? [])
    if (node instanceof FileNode) yield [`${path}/${name}`, node];
    else yield* filesBelow(tree, `${path}/${name}`);
}

export function namesIn(tree: Tree, path: string): string[] {
  const node = tree.node(path);
  return node instanceof DirectoryNode ? [...node.names.keys()] : [];
}
