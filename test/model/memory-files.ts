import type { FileCall, FileReply } from '../../src/queue/steps.js';

/**
 * A filesystem in memory, small enough to be copied for every step of the model checker. Directories have identities,
 * as on a real disk: a path that was resolved before its directory was renamed goes on in the renamed directory.
 */
export interface Tree {
  /** Directory → name → what it is: another directory, or a file's content. */
  dirs: Record<string, Record<string, Node>>;
  next: number;
}

export type Node = { readonly dir: string } | { readonly file: string };

/** A call whose directories are resolved, and which has yet to act. */
export interface Resolved {
  readonly call: FileCall;
  readonly from: Spot | undefined;
  readonly to: Spot | undefined;
}

/** A name in a directory, wherever that is by now. */
export interface Spot {
  readonly dir: string;
  readonly name: string;
}

/** What a correct protocol never does. */
export class Overwritten extends Error {}

export function emptyTree(): Tree {
  return { dirs: { root: {} }, next: 0 };
}

export function resolve(tree: Tree, call: FileCall): Resolved {
  return resolveBy((path) => spotOf(tree, path), call);
}

/** Resolves a call's paths as somebody sees them, who may remember directories where they were. */
export function resolveBy(find: (path: string) => Spot | undefined, call: FileCall): Resolved {
  const from = find('from' in call ? call.from : call.path);
  const to = 'to' in call ? find(call.to) : undefined;
  return { call, from, to };
}

/** Acts on resolved directories; changes the tree in place. */
export function act(tree: Tree, { call, from, to }: Resolved): FileReply {
  const directory = from === undefined ? undefined : tree.dirs[from.dir];
  if (from === undefined || directory === undefined) return 'missing';
  const node = directory[from.name];
  switch (call.op) {
    case 'rename':
      return move(tree, directory, from.name, node, to);
    case 'link':
      return linkTo(tree, node, to);
    case 'list':
      return node !== undefined && 'dir' in node ? Object.keys(tree.dirs[node.dir] ?? {}).sort() : 'missing';
    case 'read':
      return node !== undefined && 'file' in node ? Buffer.from(node.file) : 'missing';
    case 'size':
      return node !== undefined && 'file' in node ? node.file.length : 'missing';
    case 'create':
      if (node !== undefined) return 'exists';
      directory[from.name] = { file: Buffer.from(call.content).toString() };
      return 'ok';
    case 'overwrite':
      if (node === undefined || 'dir' in node) return 'missing';
      directory[from.name] = { file: call.content };
      return 'ok';
    case 'append':
      directory[from.name] = {
        file: (node !== undefined && 'file' in node ? node.file : '') + Buffer.from(call.content).toString(),
      };
      return 'ok';
    case 'mkdir':
      if (node !== undefined) return 'exists';
      directory[from.name] = { dir: makeDirectory(tree) };
      return 'ok';
    case 'rmdir':
      return removeDirectory(tree, directory, from.name, node);
    case 'flush':
      return 'ok';
    case 'unlink':
      if (node === undefined || 'dir' in node) return 'missing';
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      delete directory[from.name];
      return 'ok';
  }
}

function makeDirectory(tree: Tree): string {
  const id = `d${tree.next++}`;
  tree.dirs[id] = {};
  return id;
}

function move(
  tree: Tree,
  directory: Record<string, Node>,
  name: string,
  node: Node | undefined,
  to: Spot | undefined,
): FileReply {
  const target = to === undefined ? undefined : tree.dirs[to.dir];
  if (node === undefined || to === undefined || target === undefined) return 'missing';
  if (target[to.name] !== undefined) throw new Overwritten(`rename ${name} onto ${to.name}, which is there`);
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  delete directory[name];
  target[to.name] = node;
  return 'ok';
}

function linkTo(tree: Tree, node: Node | undefined, to: Spot | undefined): FileReply {
  const target = to === undefined ? undefined : tree.dirs[to.dir];
  if (node === undefined || to === undefined || target === undefined) return 'missing';
  if (target[to.name] !== undefined) return 'exists';
  target[to.name] = node;
  return 'ok';
}

function removeDirectory(
  tree: Tree,
  directory: Record<string, Node>,
  name: string,
  node: Node | undefined,
): FileReply {
  if (node === undefined || 'file' in node) return 'missing';
  if (Object.keys(tree.dirs[node.dir] ?? {}).length > 0) return 'not-empty';
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  delete directory[name];
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  delete tree.dirs[node.dir];
  return 'ok';
}

function spotOf(tree: Tree, path: string): Spot | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  let dir = 'root';
  for (const part of parts.slice(0, -1)) {
    const node = tree.dirs[dir]?.[part];
    if (node === undefined || 'file' in node) return undefined;
    dir = node.dir;
  }
  return { dir, name: parts.at(-1) ?? '' };
}

export function perform(tree: Tree, call: FileCall): FileReply {
  return act(tree, resolve(tree, call));
}

/** Every file below a directory: path → content. */
export function filesBelow(tree: Tree, path: string): Map<string, string> {
  const files = new Map<string, string>();
  const spot = spotOf(tree, `${path}/x`);
  const walk = (dir: string, prefix: string): void => {
    for (const [name, node] of Object.entries(tree.dirs[dir] ?? {})) {
      if ('file' in node) files.set(`${prefix}/${name}`, node.file);
      else walk(node.dir, `${prefix}/${name}`);
    }
  };
  if (spot !== undefined) walk(spot.dir, path);
  return files;
}

export function namesIn(tree: Tree, path: string): string[] {
  const reply = perform(tree, { op: 'list', path });
  return typeof reply === 'string' ? [] : [...(reply as readonly string[])];
}
