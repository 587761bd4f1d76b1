import { parseEntryName, tokenOf } from '../../src/queue/entry-name.js';
import { parseHeldItem } from '../../src/queue/pool.js';
import { type Node, type Resolved, type Tree, act, namesIn } from '../model/memory-files.js';
import type { FileReply } from '../../src/queue/steps.js';
import { layout } from '../model/verbs.js';

/** Something happened that must never happen. */
export class Broken extends Error {}

/** What a job's file holds, so that it is known wherever it goes. */
export const submissionPrefix = 'submission';

/**
 * The file server, and the book that is kept of what may never happen. Every call passes through it when it acts,
 * whoever made it and however late, and is checked at once:
 *
 * - a submission lies in exactly one place, and nothing is overwritten;
 * - nothing leaves `done`; what a fenced crew lost is not committed under its old token;
 * - an item stays with the job that uses it, and is used by one job at a time;
 * - no token is started twice; what a crew is told of its commit is true.
 */
export class Ledger {
  readonly tree: Tree;
  /** Directory → its name, for those whose names tell something. */
  readonly #roles = new Map<string, string>();
  /** `running` or `items` → the pod that it is in. */
  readonly #podOf = new Map<string, string>();
  /** Submission → how many files hold it. */
  readonly #places = new Map<string, number>();
  /** Tokens whose entries were taken back from fenced pods. */
  readonly #void = new Set<string>();
  readonly #starts = new Set<string>();
  /** Item → token of the job that uses it. A stranger's is empty. */
  readonly #using = new Map<string, string>();

  constructor(tree: Tree) {
    this.tree = tree;
    for (const path of layout.directories) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const node = tree.dirs[rootOf(tree)]?.[name];
      if (node !== undefined && 'dir' in node) this.#roles.set(node.dir, name);
    }
  }

  act(resolved: Resolved): FileReply {
    const { call, from, to } = resolved;
    const node = from === undefined ? undefined : this.tree.dirs[from.dir]?.[from.name];
    const reply = act(this.tree, resolved);
    if (reply !== 'ok' || from === undefined) return reply;
    if (call.op === 'rename' && to !== undefined && node !== undefined) this.#moved(node, from, to);
    else if (call.op === 'link' && to !== undefined && node !== undefined)
      this.#linked(node, this.#roles.get(to.dir));
    else if (call.op === 'unlink' && node !== undefined) this.#unlinked(node, from);
    else if (call.op === 'mkdir' && (from.name === 'running' || from.name === 'items'))
      this.#furnished(from, from.name);
    return reply;
  }

  started(entry: string): void {
    const token = tokenOf(entry);
    if (token === undefined) return;
    if (this.#starts.has(token)) throw new Broken(`${entry} was started twice`);
    this.#starts.add(token);
  }

  use(item: string, token: string): void {
    const user = this.#using.get(item);
    if (user !== undefined) throw new Broken(`${item} is used for ${token || 'a stranger'} and ${user}`);
    this.#using.set(item, token);
  }

  /** The process that used items for `token` is dead. */
  stopUsing(token: string): void {
    for (const [item, user] of this.#using) if (user === token) this.#using.delete(item);
  }

  /** What a crew was told of an outcome must be true: whether its name stands there. */
  told(committed: boolean, to: 'done' | 'failed', entry: string): void {
    if (tokenOf(entry) === undefined) return;
    const stands = namesIn(this.tree, layout[to]).includes(entry);
    // A person may have retried what failed.
    if (committed && !stands && to === 'done')
      throw new Broken(`a crew was told that ${entry} is ${to}, and it is not`);
    if (!committed && stands) throw new Broken(`a crew was told that its ${entry} is void, and it is ${to}`);
  }

  #moved(node: Node, from: { dir: string; name: string }, to: { dir: string; name: string }): void {
    if ('dir' in node) {
      this.#roles.set(node.dir, to.name);
      return;
    }
    const source = this.#roles.get(from.dir) ?? '';
    const target = this.#roles.get(to.dir) ?? '';
    if (node.file.startsWith(submissionPrefix)) this.#entryMoved(from, source, to.name, target);
    else if (source === 'items') this.#itemMoved(from.name);
  }

  #entryMoved(from: { dir: string; name: string }, source: string, name: string, target: string): void {
    if (source === 'done') throw new Broken(`${from.name} left done`);
    const pod = this.#roles.get(this.#podOf.get(from.dir) ?? from.dir) ?? '';
    const token = tokenOf(name);
    if (target === 'done' && token !== undefined && this.#void.has(token))
      throw new Broken(`${name} is done, and its crew had lost it`);
    const old = tokenOf(from.name);
    if (pod.endsWith('.fenced') && target === 'jobqueue' && old !== undefined && source === 'running')
      this.#void.add(old);
  }

  #itemMoved(name: string): void {
    const held = parseHeldItem(name);
    if (held !== undefined && this.#using.get(held.item) === held.token)
      throw new Broken(`the item ${name} was taken from a job that uses it`);
  }

  #linked(node: Node, target: string | undefined): void {
    if (target !== 'jobqueue' || 'dir' in node) return;
    this.#places.set(node.file, (this.#places.get(node.file) ?? 0) + 1);
    if (this.#places.get(node.file) !== 1) throw new Broken(`${node.file} was submitted twice`);
  }

  #unlinked(node: Node, { dir, name }: { dir: string; name: string }): void {
    if ('dir' in node || !node.file.startsWith(submissionPrefix) || name.startsWith('.')) return;
    // Only people remove what waits.
    if (this.#roles.get(dir) === 'jobqueue') this.#places.delete(node.file);
    else throw new Broken(`${node.file} is in no place: ${name} was removed`);
  }

  #furnished(from: { dir: string; name: string }, role: string): void {
    const node = this.tree.dirs[from.dir]?.[from.name];
    if (node === undefined || 'file' in node) return;
    this.#roles.set(node.dir, role);
    this.#podOf.set(node.dir, from.dir);
  }

  /** All submissions that nobody has withdrawn. */
  get submissions(): string[] {
    return [...this.#places.keys()];
  }
}

function rootOf(tree: Tree): string {
  const node = tree.dirs['root']?.[layout.root.slice(1)];
  return node !== undefined && 'dir' in node ? node.dir : '';
}

/** A job that needs an item of the pool says so in its name. */
export function needsItem(entry: string): boolean {
  return parseEntryName(entry).job.startsWith('pool');
}
