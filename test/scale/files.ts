import type { FileCall, FileReply, Files, Inspected } from '../../src/system/files.js';
import type { Actor, Agenda } from './agenda.js';
import { ServerTime } from './server-time.js';
import type { FileServer, Kind } from './server.js';
import { DirectoryNode, FileNode, type Tree, nameOf } from './tree.js';

/** What calls were made for. */
export type Purpose =
  | 'heartbeats: crews'
  | 'heartbeats: dispatcher'
  | 'journals and outcomes: crews'
  | 'journals and outcomes: dispatcher'
  | 'output of tasks'
  | 'entries: crews'
  | 'entries: dispatcher';

/** All hosts' calls end here: one server, one tree. */
export class Share {
  readonly tree: Tree;
  readonly agenda: Agenda;
  readonly server: FileServer;
  readonly time = new ServerTime();
  readonly calls = new Map<Purpose, number>();
  /** While all is set up nothing costs anything. */
  isFree = true;
  freeCalls = 0;
  /** Milliseconds that the dispatcher has waited. */
  waited = 0;
  /** Milliseconds of the server's time that went to crews. */
  workForCrews = 0;

  constructor(tree: Tree, agenda: Agenda, server: FileServer) {
    this.tree = tree;
    this.agenda = agenda;
    this.server = server;
  }

  /** When the answer is there. */
  ask(at: number, kind: Kind, purpose: Purpose, names = 0): number {
    const { latency, work } = this.server.costs[kind];
    // What a host answers by itself is no call.
    if (work > 0) this.calls.set(purpose, (this.calls.get(purpose) ?? 0) + 1);
    const more = names * this.server.perName;
    if (!purpose.endsWith('dispatcher')) this.workForCrews += work + more;
    return this.time.enter(at, work + more) + latency + more;
  }
}

/** Milliseconds since 1970 at which virtual time begins. */
export const epoch = 1_800_000_000_000;

/**
 * The shared filesystem as one host sees it, as `MountedFiles` would ask it: what that makes of each call is counted here,
 * and takes its time. Everybody sees what is there; what hosts remember wrongly costs them time in reality, too.
 */
export class SharedFiles implements Files {
  readonly #share: Share;
  readonly #actor: Actor;
  readonly #who: 'crews' | 'dispatcher';

  constructor(share: Share, actor: Actor, who: 'crews' | 'dispatcher') {
    this.#share = share;
    this.#actor = actor;
    this.#who = who;
  }

  call(call: FileCall): FileReply {
    this.#pay(call);
    return this.#make(call);
  }

  #pay(call: FileCall): void {
    switch (call.op) {
      case 'rename':
        // Back to a name it had: a touch, and two looks at what the host remembers.
        if (call.aside !== undefined)
          for (const kind of ['touch', 'stat', 'stat'] as const) this.#wait(kind, call.to);
        this.#wait('rename', call.from);
        return;
      case 'list':
        this.#wait('touch', call.path);
        this.#wait('list', call.path, this.#tree.directory(call.path)?.names.size ?? 0);
        return;
      case 'append':
        this.#wait(call.when !== undefined ? 'buffer' : 'write', call.path);
        return;
      case 'create':
      case 'mkdir':
        this.#wait('create', call.path);
        return;
      case 'link':
        this.#wait('rename', call.to);
        return;
      case 'unlink':
      case 'rmdir':
        this.#wait('remove', call.path);
        return;
      case 'overwrite':
      case 'flush':
        this.#wait('write', call.path);
        return;
      case 'read':
        this.#wait('read', call.path);
        return;
      case 'size':
        this.#wait('stat', call.path);
    }
  }

  #make(call: FileCall): FileReply {
    const tree = this.#tree;
    const node = tree.node('from' in call ? call.from : call.path);
    switch (call.op) {
      case 'rename':
        return tree.move(call.from, call.to) ? 'ok' : 'missing';
      case 'link':
        return node !== undefined && tree.put(call.to, node) ? 'ok' : 'missing';
      case 'list':
        return node instanceof DirectoryNode ? [...node.names.keys()] : 'missing';
      case 'read':
        return node instanceof FileNode
          ? Buffer.from(node.read(call.last === undefined ? 0 : Math.max(0, node.size - call.last)))
          : 'missing';
      case 'size':
        return node instanceof FileNode ? node.size : 'missing';
      case 'create':
        if (node !== undefined) return 'exists';
        return tree.put(call.path, new FileNode(call.content, this.#wall())) ? 'ok' : 'missing';
      case 'overwrite':
        if (!(node instanceof FileNode)) return 'missing';
        node.write(call.content, this.#wall());
        return 'ok';
      case 'append':
        this.addTo(call.path, Buffer.from(call.content), false);
        return 'ok';
      case 'mkdir':
        if (node !== undefined) return 'exists';
        return tree.put(call.path, new DirectoryNode()) ? 'ok' : 'missing';
      case 'rmdir':
        if (node instanceof DirectoryNode && node.names.size > 0) return 'not-empty';
        return tree.remove(call.path) ? 'ok' : 'missing';
      case 'unlink':
        return tree.remove(call.path) ? 'ok' : 'missing';
      case 'flush':
        return 'ok';
    }
  }

  inspect(path: string, limit: number): Inspected {
    this.#wait('read', path);
    const node = this.#tree.node(path);
    if (node === undefined) return { kind: 'missing' };
    if (node instanceof DirectoryNode) return { kind: 'other', what: 'a directory' };
    const head = Buffer.from(node.read(0, limit));
    return {
      kind: 'file',
      name: nameOf(path),
      head,
      size: node.size,
      executable: false,
      mtimeMs: node.mtimeMs,
      uid: 0,
    };
  }

  exists(path: string): boolean {
    this.#wait('stat', path);
    return this.#tree.node(path) !== undefined;
  }

  size(path: string): number | undefined {
    this.#wait('stat', path);
    return this.#tree.file(path)?.size;
  }

  changedAt(path: string): number | undefined {
    this.#wait('stat', path);
    return this.#tree.file(path)?.mtimeMs;
  }

  movedAt(path: string): number | undefined {
    return this.changedAt(path);
  }

  serverAhead(): number {
    return 0;
  }

  readFrom(path: string, offset: number, limit: number): Uint8Array | undefined {
    this.#wait('read', path);
    const file = this.#tree.file(path);
    // Inputs are asked for by the megabyte, and those of a slice are at its beginning.
    const most = isInputs(path) ? Math.min(limit, enoughInputs) : limit;
    return file === undefined ? undefined : Buffer.from(file.read(offset, most));
  }

  sendGathered(path: string): void {
    this.#wait('buffer', path);
  }

  cutMiddle(path: string): number {
    this.#wait('stat', path);
    return 0;
  }

  addTo(path: string, content: Uint8Array, isPaid = true): void {
    if (isPaid) this.#wait('write', path);
    const file = this.#tree.file(path);
    if (file === undefined) this.#tree.put(path, new FileNode(content, this.#wall()));
    else file.append(content, this.#wall());
  }

  cutEnd(path: string, keep: number): void {
    this.#wait('write', path);
    const file = this.#tree.file(path);
    file?.write(Buffer.from(file.read(0, keep)), this.#wall());
  }

  ensureDirectory(path: string): void {
    this.#wait('create', path);
    if (this.#tree.directory(path) === undefined) this.#tree.put(path, new DirectoryNode());
  }

  touch(path: string): void {
    this.#wait('write', path);
    if (this.#tree.file(path) === undefined) this.#tree.put(path, new FileNode('', this.#wall()));
  }

  refresh(path: string): void {
    this.#wait('touch', path);
  }

  renew(path: string): void {
    this.#wait('touch', path);
  }

  pointTo(path: string): void {
    // An old draft of the link is removed, a new one made, and moved to its place.
    for (const kind of ['remove', 'create', 'rename'] as const) this.#wait(kind, path);
  }

  moveUndecodable(): string[] {
    return [];
  }

  get #tree(): Tree {
    return this.#share.tree;
  }

  #wall(): number {
    return epoch + this.#actor.now;
  }

  #wait(kind: Kind, path: string, names = 0): void {
    const share = this.#share;
    if (path.startsWith(ownDisk)) return;
    if (share.isFree) {
      share.freeCalls += 1;
      return;
    }
    const asked = this.#actor.now;
    const answered = share.ask(asked, kind, this.#purposeOf(path), names);
    if (this.#who === 'dispatcher') share.waited += answered - asked;
    share.agenda.wait(this.#actor, answered);
  }

  #purposeOf(path: string): Purpose {
    const who = this.#who;
    if (path.endsWith('/heartbeat')) return `heartbeats: ${who}`;
    if (path.endsWith('.jsonl') && !isInputs(path)) return `journals and outcomes: ${who}`;
    if (/\/(logs|output)\//.test(path)) return 'output of tasks';
    return `entries: ${who}`;
  }
}

/** Where hosts have a disk of their own, on which nobody waits. */
export const ownDisk = '/own-disk';

/** Bytes in which those of a slice mostly are: more are read, and looked through, only if they are not. */
const enoughInputs = 16_384;

function isInputs(path: string): boolean {
  return path.endsWith('/inputs.jsonl');
}
