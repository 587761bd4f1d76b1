import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { filesystemHints } from './filesystem-hints.js';

/** One filesystem call of the protocol (see `src/queue/steps.ts`). Paths are absolute. */
export type FileCall =
  | { readonly op: 'read'; readonly path: string; readonly last?: number }
  /**
   * `aside`: the file had the target's name before, and may be remembered under it. How a path begins that it may have
   * for a moment; ten hexadecimal digits are added to it.
   */
  | { readonly op: 'rename'; readonly from: string; readonly to: string; readonly aside?: string }
  | { readonly op: 'link'; readonly from: string; readonly to: string }
  /** `flush`: what has come into this directory or gone from it is on disk, whoever did that. */
  | { readonly op: 'list' | 'size' | 'mkdir' | 'rmdir' | 'unlink' | 'flush'; readonly path: string }
  | {
      readonly op: 'create';
      readonly path: string;
      readonly content: string | Uint8Array;
      readonly mode: number;
    }
  | { readonly op: 'overwrite'; readonly path: string; readonly content: string }
  /**
   * `soon`: it need not be pushed out to a file server before this returns. `later`: on a file server's it may also wait a
   * tenth of a second for the lines that come next; it is lost if this program dies before that.
   */
  | {
      readonly op: 'append';
      readonly path: string;
      readonly content: string | Uint8Array;
      readonly when?: 'soon' | 'later';
    };

/**
 * `missing`: the file, or a directory on its path, is not there. `exists`: the target is. `not-empty`: the directory
 * holds something. All else (no space, no permission, the server is gone) is not a reply but an exception.
 */
export type FileStatus = 'ok' | 'missing' | 'exists' | 'not-empty';
export type FileReply = FileStatus | readonly string[] | Uint8Array | number;

/** What lies under a name in the queue. */
export type Inspected =
  | {
      readonly kind: 'file';
      /** Its own, without directories. */
      readonly name?: string;
      readonly head: Uint8Array;
      /** Bytes. */
      readonly size: number;
      readonly executable: boolean;
      /** Milliseconds since 1970, by the file server's clock. */
      readonly mtimeMs: number;
      readonly uid: number;
    }
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'missing' };

export interface Files {
  /** Makes one call of the protocol. Throws FjrError for what is no reply of the protocol (no space, no permission). */
  call(call: FileCall): FileReply;
  /** A file's kind, size, mode and first `limit` bytes. Never blocks (FIFOs) and follows no link. */
  inspect(path: string, limit: number): Inspected;
  /** Whether anything is called so, be it a link that leads nowhere. */
  exists(path: string): boolean;
  /** Bytes in a file, or undefined if it is not there. */
  size(path: string): number | undefined;
  /** When a file's or directory's content last changed, in milliseconds since 1970 by the file server's clock. */
  changedAt(path: string): number | undefined;
  /** When a file last changed its place, by the same clock. */
  movedAt(path: string): number | undefined;
  /** Milliseconds by which the file server's clock is ahead of ours; a probe file is written in the directory. */
  serverAhead(directory: string): number;
  /** A part of a file from `offset` on, at most `limit` bytes; undefined: no such file. */
  readFrom(path: string, offset: number, limit: number): Uint8Array | undefined;
  /**
   * Leaves out the middle of a file that somebody may be appending to: its first and last `keep` bytes stay, with a note
   * between them of how many went. Returns how many that were; 0: the file is not longer than both, or not there.
   */
  cutMiddle(path: string, keep: number, note: (bytes: number) => string): number;
  /** Sends lines that were to be appended later, and wait for others. */
  sendGathered(path: string): void;
  /** Adds to the end of a file, which is made if there is none, and keeps it open no longer than that. */
  addTo(path: string, content: Uint8Array): void;
  /** Leaves a file's first bytes, and no more. */
  cutEnd(path: string, keep: number): void;
  /** Makes a directory with its parents. */
  ensureDirectory(path: string): void;
  /** Makes an empty file if there is none. */
  touch(path: string): void;
  /** Makes what other hosts have appended to a file visible here, where its size may be remembered. */
  refresh(path: string): void;
  /** Gives a file or directory the present time; nothing happens if it is gone. */
  renew(path: string): void;
  /** Lets `path` be a symbolic link to `target`, whatever link it was before. */
  pointTo(path: string, target: string): void;
  /** Moves names that are not UTF-8 from one directory into another, each as `undecodable-N`; returns the new names. */
  moveUndecodable(from: string, to: string, name: (index: number) => string): string[];
}

export interface LocalFilesOptions {
  /**
   * Whether other hosts change the same filesystem. Then listings may be stale: the directory is touched before each,
   * which makes them fresh. And what is appended to an open file stays on this host until it is pushed out.
   */
  readonly shared: boolean;
  /** fsync what is written: outcomes survive a power cut, at about 1 ms per file. */
  readonly fsync: boolean;
}

/** Milliseconds for which lines that nobody waits for are gathered before they go to a file server. */
const gatherFor = 100;

/** Files that stay open for the next line: a server writes the journals of crews that come and go for as long as it runs. */
const mostAppended = 64;

/** Synchronous calls on mounted filesystems: the fastest way there is on a local disk. */
export class MountedFiles implements Files {
  readonly #options: LocalFilesOptions;
  readonly #appended = new Map<string, number>();
  /** Files whose last append did not succeed. */
  readonly #torn = new Set<string>();
  /** Lines that wait for others to the same file. */
  readonly #gathered = new Map<string, string>();

  constructor(options: LocalFilesOptions) {
    this.#options = options;
  }

  call(call: FileCall): FileReply {
    try {
      return this.#make(call);
    } catch (error) {
      // A handle that a file server no longer knows: the path leads to the present one, or to nothing.
      return codeOf(error) === 'ESTALE' ? this.#again(call) : toStatus(error, call);
    }
  }

  #again(call: FileCall): FileReply {
    try {
      return this.#make(call);
    } catch (error) {
      return toStatus(error, call);
    }
  }

  #make(call: FileCall): FileReply {
    switch (call.op) {
      case 'rename':
        return call.aside === undefined || !this.#options.shared
          ? this.#rename(call.from, call.to)
          : this.#renameBack(call.from, call.to, call.aside);
      case 'link':
        return this.#link(call.from, call.to);
      case 'list':
        return this.#list(call.path);
      case 'read':
        return readWhole(call.path, call.last ?? Infinity);
      case 'size':
        return fs.statSync(call.path).size;
      case 'create':
        return this.#write(call.path, 'wx', call.content, call.mode);
      case 'overwrite':
        return this.#overwrite(call.path, call.content);
      case 'append':
        return this.#append(call.path, call.content, call.when);
      case 'mkdir':
        fs.mkdirSync(call.path, 0o700);
        return 'ok';
      case 'rmdir':
        fs.rmdirSync(call.path);
        return 'ok';
      case 'unlink':
        fs.unlinkSync(call.path);
        return 'ok';
      case 'flush':
        if (this.#options.fsync) syncDirectory(call.path);
        return 'ok';
    }
  }

  #rename(from: string, to: string): FileStatus {
    renameAny(from, to);
    if (this.#options.fsync) syncDirectory(dirname(to));
    return 'ok';
  }

  /**
   * Linux does nothing, and calls that success, when it is to rename a file to a name that it knows for the same file.
   * A touch makes most systems look at the name anew. GlusterFS's client goes on knowing it, through any number of
   * renames, until it is refused to move the file away from there.
   */
  #renameBack(from: string, to: string, aside: string): FileStatus {
    this.renew(dirname(to));
    if (!seemsTheSame(from, to)) return this.#rename(from, to);
    // Another may have moved it: only a listing is sure to ask.
    if (!this.#list(dirname(from)).includes(basename(from))) return 'missing';
    if (!this.#moveAside(to, `${aside}${randomBytes(5).toString('hex')}`)) return this.#rename(from, to);
    // Another has moved it since, and it is in its place again.
    return 'missing';
  }

  /** Moves a file away and back again; false: it was not there. */
  #moveAside(path: string, aside: string): boolean {
    try {
      fs.renameSync(path, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    this.#rename(aside, path);
    return true;
  }

  #link(from: string, to: string): FileStatus {
    try {
      fs.linkSync(from, to);
      if (this.#options.fsync) syncDirectory(dirname(to));
      return 'ok';
    } catch (error) {
      // Over sftp, which has no better word for a name that is taken.
      if (codeOf(error) === 'EPERM' && this.#list(dirname(to)).includes(basename(to))) return 'exists';
      throw error;
    }
  }

  #list(path: string): readonly string[] {
    if (this.#options.shared) {
      const now = new Date();
      fs.utimesSync(path, now, now);
    }
    return fs.readdirSync(path);
  }

  #write(path: string, flags: 'wx' | 'r+', content: string | Uint8Array, mode: number): FileStatus {
    const fd = fs.openSync(path, flags, mode);
    try {
      writeFully(fd, content);
      if (this.#options.fsync) fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    return 'ok';
  }

  #overwrite(path: string, content: string): FileStatus {
    const fd = fs.openSync(path, 'r+');
    try {
      // Asked before the write: right after opening, a file server need not be asked again.
      const { size } = fs.fstatSync(fd);
      const length = writeFully(fd, content);
      if (size > length) fs.ftruncateSync(fd, length);
    } finally {
      fs.closeSync(fd);
    }
    return 'ok';
  }

  #append(path: string, content: string | Uint8Array, when: 'soon' | 'later' | undefined): FileStatus {
    const { shared, fsync } = this.#options;
    if (shared && !fsync && when === 'later' && typeof content === 'string') {
      this.#gather(path, content);
      return 'ok';
    }
    const before = this.#gathered.get(path);
    const all = before === undefined ? content : Buffer.concat([Buffer.from(before), Buffer.from(content)]);
    this.#appendNow(path, all, fsync || (shared && when === undefined));
    this.#gathered.delete(path);
    return 'ok';
  }

  #gather(path: string, line: string): void {
    const before = this.#gathered.get(path);
    this.#gathered.set(path, (before ?? '') + line);
    if (before === undefined) this.#sendInTime(path);
  }

  #sendInTime(path: string): void {
    const timer = setTimeout(() => {
      try {
        this.sendGathered(path);
      } catch {
        // The server is away: the lines stay here.
        this.#sendInTime(path);
      }
    }, gatherFor);
    // Whoever ends in peace has said so in a line that does not wait.
    timer.unref();
  }

  sendGathered(path: string): void {
    if (this.#gathered.has(path)) this.call({ op: 'append', path, content: '', when: 'soon' });
  }

  /** Journals stay open: an append then costs 3 µs instead of 15. */
  #appendNow(path: string, content: string | Uint8Array, push: boolean): void {
    const fd = this.#appended.get(path) ?? fs.openSync(path, 'a', 0o600);
    // The last one that was written to stands last.
    this.#appended.delete(path);
    this.#appended.set(path, fd);
    const [oldest] = this.#appended;
    if (this.#appended.size > mostAppended && oldest !== undefined) {
      this.#appended.delete(oldest[0]);
      fs.closeSync(oldest[1]);
    }
    // A line that was cut by a full disk must not spoil the next one.
    const isTorn = this.#torn.has(path);
    this.#torn.add(path);
    try {
      if (isTorn) writeFully(fd, '\n');
      writeFully(fd, content);
      if (push) fs.fdatasyncSync(fd);
    } catch (error) {
      // A server that was away may have forgotten the handle for good (sshfs has): next time the path leads to a new one.
      this.#appended.delete(path);
      closeForgotten(fd);
      throw error;
    }
    this.#torn.delete(path);
  }

  inspect(path: string, limit: number): Inspected {
    let fd: number;
    try {
      fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    } catch (error) {
      return inspectFailure(error);
    }
    try {
      return guarded(`read ${path}`, () => inspectOpen(fd, basename(path), limit));
    } finally {
      closeForgotten(fd);
    }
  }

  exists(path: string): boolean {
    return guarded(`look at ${path}`, () => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  }

  size(path: string): number | undefined {
    return guarded(`look at ${path}`, () => fs.statSync(path, { throwIfNoEntry: false })?.size);
  }

  changedAt(path: string): number | undefined {
    return guarded(`look at ${path}`, () => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs);
  }

  movedAt(path: string): number | undefined {
    return guarded(`look at ${path}`, () => fs.statSync(path, { throwIfNoEntry: false })?.ctimeMs);
  }

  serverAhead(directory: string): number {
    const path = `${directory}/.clock-${process.pid}`;
    return guarded(`write in ${directory}`, () => {
      const before = Date.now();
      const fd = fs.openSync(path, 'w', 0o600);
      try {
        fs.writeSync(fd, '.');
        fs.fdatasyncSync(fd);
        return fs.fstatSync(fd).mtimeMs - (before + Date.now()) / 2;
      } finally {
        fs.closeSync(fd);
        fs.rmSync(path, { force: true });
      }
    });
  }

  readFrom(path: string, offset: number, limit: number): Uint8Array | undefined {
    let fd: number;
    try {
      fd = fs.openSync(path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw unexpected(error, `read ${path}`);
    }
    try {
      return guarded(`read ${path}`, () => readToEnd(fd, offset, limit));
    } finally {
      closeForgotten(fd);
    }
  }

  cutMiddle(path: string, keep: number, note: (bytes: number) => string): number {
    const size = this.size(path) ?? 0;
    if (size <= 2 * keep) return 0;
    return guarded(`shorten ${path}`, () => {
      const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_APPEND);
      try {
        // What is written between reading and cutting goes with the middle.
        const tail = readFully(fd, keep, size - keep);
        fs.ftruncateSync(fd, keep);
        writeFully(fd, note(size - 2 * keep));
        writeFully(fd, tail);
        return size - 2 * keep;
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  addTo(path: string, content: Uint8Array): void {
    try {
      fs.appendFileSync(path, content, { mode: 0o600 });
    } catch (error) {
      throw unexpected(error, `write ${path}`);
    }
  }

  cutEnd(path: string, keep: number): void {
    guarded(`shorten ${path}`, () => {
      fs.truncateSync(path, keep);
    });
  }

  ensureDirectory(path: string): void {
    try {
      fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unexpected(error, `make the directory ${path}`);
    }
  }

  touch(path: string): void {
    try {
      fs.closeSync(fs.openSync(path, 'a'));
    } catch (error) {
      throw unexpected(error, `make the file ${path}`);
    }
  }

  refresh(path: string): void {
    if (this.#options.shared) this.renew(path);
  }

  renew(path: string): void {
    const now = new Date();
    try {
      fs.utimesSync(path, now, now);
    } catch {
      // Gone: its lock is not ours any more.
    }
  }

  pointTo(path: string, target: string): void {
    const draft = `${dirname(path)}/.link-${process.pid}-${target.slice(-40)}`;
    try {
      fs.rmSync(draft, { force: true });
      fs.symlinkSync(target, draft);
      fs.renameSync(draft, path);
    } catch (error) {
      throw unexpected(error, `make the link ${path}`);
    }
  }

  moveUndecodable(from: string, to: string, name: (index: number) => string): string[] {
    const moved: string[] = [];
    const names = guarded(`list ${from}`, () => fs.readdirSync(from, { encoding: 'buffer' }));
    for (const bytes of names) {
      if (Buffer.from(bytes.toString('utf8')).equals(bytes)) continue;
      const target = name(moved.length);
      try {
        fs.renameSync(Buffer.concat([Buffer.from(`${from}/`), bytes]), `${to}/${target}`);
        moved.push(target);
      } catch (error) {
        // Another dispatcher was faster.
        if (codeOf(error) !== 'ENOENT')
          throw unexpected(error, `move a name that is not UTF-8 out of ${from}`);
      }
    }
    return moved;
  }
}

/** A directory moves only if one may write to it; our own can be made so. */
function renameAny(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'EACCES' || !fs.lstatSync(from).isDirectory()) throw error;
    try {
      fs.chmodSync(from, 0o700);
    } catch {
      throw error;
    }
    fs.renameSync(from, to);
  }
}

function inspectOpen(fd: number, name: string, limit: number): Inspected {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) return { kind: 'other', what: describeKind(stat) };
  return {
    kind: 'file',
    name,
    head: readFully(fd, Math.min(stat.size, limit), 0),
    size: stat.size,
    executable: (stat.mode & 0o100) !== 0,
    mtimeMs: stat.mtimeMs,
    uid: stat.uid,
  };
}

function inspectFailure(error: unknown): Inspected {
  switch (codeOf(error)) {
    case 'ENOENT':
      return { kind: 'missing' };
    case 'ELOOP':
      return { kind: 'other', what: 'a symbolic link' };
    case 'ENXIO':
      return { kind: 'other', what: 'a socket' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'unreadable', reason: 'permission denied' };
    default:
      throw unexpected(error, 'inspect a job file');
  }
}

function describeKind(stat: fs.Stats): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

function readWhole(path: string, last: number): Uint8Array {
  // Not readFileSync: on some network filesystems it leaks descriptors when the file changes underneath.
  const fd = fs.openSync(path, 'r');
  try {
    const offset = last === Infinity ? 0 : Math.max(0, fs.fstatSync(fd).size - last);
    return readToEnd(fd, offset, Infinity);
  } finally {
    closeForgotten(fd);
  }
}

/** Bytes that are asked for at a time where nobody knows how many there are. */
const readChunk = 65_536;

/** What follows in a file, whatever size the system believes it to have: other hosts write, and sizes are remembered. */
function readToEnd(fd: number, offset: number, limit: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let count = 0; count < limit;) {
    const part = readFully(fd, Math.min(readChunk, limit - count), offset + count);
    parts.push(part);
    count += part.length;
    if (part.length < readChunk) break;
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

function readFully(fd: number, size: number, offset: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(size);
  let count = 0;
  while (count < size) {
    const more = fs.readSync(fd, bytes, count, size - count, offset + count);
    if (more === 0) break;
    count += more;
  }
  return bytes.subarray(0, count);
}

/**
 * Closes what was only read, or has failed already. sshfs answers a close with EIO when its server is away: of what was
 * read nothing is lost, and this process's number for the file is free all the same.
 */
function closeForgotten(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // See above.
  }
}

/** All of it: the system may take less than it is given when space runs out, and says so only the next time. */
function writeFully(fd: number, content: string | Uint8Array): number {
  const bytes = Buffer.from(content);
  for (let count = 0; count < bytes.length;) count += fs.writeSync(fd, bytes, count);
  return bytes.length;
}

/**
 * Whether the system knows one file under two names. It is asked as a rename asks, the old name first, and before the
 * rename: a look at the old name afterwards would make other systems remember for a minute that nothing is there.
 */
function seemsTheSame(from: string, to: string): boolean {
  const options = { bigint: true, throwIfNoEntry: false } as const;
  const source = fs.lstatSync(from, options);
  if (source === undefined) return false;
  const target = fs.lstatSync(to, options);
  return target?.ino === source.ino && target.dev === source.dev;
}

/** Whatever the system answers that no caller expects is an FjrError: it may pass. */
function guarded<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof FjrError || codeOf(error) === undefined) throw error;
    throw unexpected(error, what);
  }
}

function syncDirectory(path: string): void {
  const fd = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Node has no name for this one. */
const staleHandle = -116;

function codeOf(error: unknown): string | undefined {
  const { code, errno } = error as NodeJS.ErrnoException;
  return errno === staleHandle ? 'ESTALE' : code;
}

export function toStatus(error: unknown, call: FileCall): FileStatus {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'missing';
    case 'ENOTEMPTY':
      return 'not-empty';
    case 'EEXIST':
      return call.op === 'rmdir' ? 'not-empty' : 'exists';
    default:
      throw unexpected(error, `${call.op} ${'path' in call ? call.path : `${call.from} to ${call.to}`}`);
  }
}

export function unexpected(error: unknown, what: string): FjrError {
  const code = codeOf(error) ?? 'unknown';
  const hint = filesystemHints[code];
  return new FjrError(
    'filesystem',
    `cannot ${what}: ${code}`,
    hint === undefined ? { cause: error } : { hint, cause: error },
  );
}
