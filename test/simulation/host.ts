import { type Node, type Resolved, type Spot, type Tree, resolveBy } from '../model/memory-files.js';
import type { FileCall, FileReply } from '../../src/queue/steps.js';

/** What a host remembers of one name: that it was missing, which directory it was, or a file's content. */
type Remembered = 'missing' | Node;

/**
 * One host's view of the shared filesystem, with the memory that network filesystems have (facts of NFS and sshfs):
 *
 * - a name that was missing is answered as missing again, whatever others did meanwhile, for a rename of it, too;
 * - a directory is found where it was, also when another host has renamed it: the call then acts in the renamed one;
 * - a file that was read and has moved on is read once more as it was;
 * - a listing is answered from memory.
 *
 * What one does oneself is known at once. A listing that is made fresh (`utimes` on the directory comes before it)
 * forgets all that was remembered of the names in that directory.
 */
export class Host {
  readonly #tree: Tree;
  readonly #freshen: boolean;
  /** Directory → name → what it was. */
  readonly #names = new Map<string, Map<string, Remembered>>();
  readonly #listings = new Map<string, readonly string[]>();

  constructor(tree: Tree, freshen: boolean) {
    this.#tree = tree;
    this.#freshen = freshen;
  }

  /** What was remembered of names grows old. A listing may not: see NFS 3, two entries in one tick of the clock. */
  expire(): void {
    this.#names.clear();
  }

  /** Finds a call's directories, as this host sees them. */
  resolve(call: FileCall): Resolved {
    return resolveBy((path) => this.#find(path), call);
  }

  /** The reply to a call that need not ask the server; undefined: it must. */
  answer({ call, from }: Resolved): FileReply | undefined {
    if (from === undefined) return 'missing';
    switch (call.op) {
      case 'list':
        return this.#list(from);
      case 'rename':
      case 'link':
      case 'unlink':
      case 'overwrite':
      case 'size':
        return this.#recall(from) === 'missing' ? 'missing' : undefined;
      case 'read':
        return this.#read(from);
      default:
        return undefined;
    }
  }

  /** Takes note of what one's own call was told. `lost`: the reply to a rename that happened. */
  learn({ call, from, to }: Resolved, reply: FileReply): void {
    if (from === undefined) return;
    if (call.op === 'rename' || call.op === 'link') {
      // Its target's directory was not there, so nothing was learnt of names.
      if (to === undefined || this.#tree.dirs[to.dir] === undefined) return;
      if (reply === 'ok') this.#forget(to);
      // Not only the source: what the system looked for right before it gave up is missing, too.
      else if (reply === 'missing') this.#remember(to, 'missing');
      if (call.op === 'rename') this.#remember(from, 'missing');
      if (reply !== 'ok') return;
      this.#listings.delete(from.dir);
      this.#listings.delete(to.dir);
    } else if (call.op === 'unlink' || call.op === 'rmdir') {
      // Who unlinks a directory has learnt that it is there.
      if (reply !== 'not-empty' && this.#tree.dirs[from.dir]?.[from.name] === undefined)
        this.#remember(from, 'missing');
      this.#listings.delete(from.dir);
    } else if (reply === 'missing') this.#remember(from, 'missing');
    else if (call.op === 'read') this.#remember(from, { file: Buffer.from(reply as Uint8Array).toString() });
    else {
      this.#forget(from);
      this.#listings.delete(from.dir);
    }
  }

  #list(spot: Spot): FileReply {
    const dir = this.#enter(spot.dir, spot.name);
    if (dir === undefined) return 'missing';
    const remembered = this.#freshen ? undefined : this.#listings.get(dir);
    if (remembered !== undefined) return remembered;
    if (this.#freshen) this.#names.delete(dir);
    const names = Object.keys(this.#tree.dirs[dir] ?? {});
    this.#listings.set(dir, names);
    return names;
  }

  #read(spot: Spot): FileReply | undefined {
    const remembered = this.#recall(spot);
    if (remembered === 'missing') return 'missing';
    if (remembered === undefined || !('file' in remembered)) return undefined;
    // A fresh open shows what the file holds now, unless it is found only where it was.
    if (this.#tree.dirs[spot.dir]?.[spot.name] !== undefined) return undefined;
    this.#forget(spot);
    return Buffer.from(remembered.file);
  }

  #find(path: string): Spot | undefined {
    let dir = 'root';
    let start = 1;
    for (let end = path.indexOf('/', start); end > 0; end = path.indexOf('/', start)) {
      const next = this.#enter(dir, path.slice(start, end));
      if (next === undefined) return undefined;
      dir = next;
      start = end + 1;
    }
    return { dir, name: path.slice(start) };
  }

  /** The directory of that name; one that is remembered and gone is looked for anew, as the system does. */
  #enter(dir: string, name: string): string | undefined {
    const remembered = this.#names.get(dir)?.get(name);
    if (remembered === 'missing') return undefined;
    if (remembered !== undefined && 'dir' in remembered && this.#tree.dirs[remembered.dir] !== undefined)
      return remembered.dir;
    const node = this.#tree.dirs[dir]?.[name];
    if (node !== undefined && 'file' in node) return undefined;
    this.#remember({ dir, name }, node ?? 'missing');
    return node?.dir;
  }

  #recall({ dir, name }: Spot): Remembered | undefined {
    return this.#names.get(dir)?.get(name);
  }

  #remember(spot: Spot | undefined, what: Remembered): void {
    if (spot === undefined) return;
    const names = this.#names.get(spot.dir);
    if (names === undefined) this.#names.set(spot.dir, new Map([[spot.name, what]]));
    else names.set(spot.name, what);
  }

  #forget(spot: Spot | undefined): void {
    if (spot !== undefined) this.#names.get(spot.dir)?.delete(spot.name);
  }
}
