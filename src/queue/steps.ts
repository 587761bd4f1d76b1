import type { FileCall, FileReply, FileStatus } from '../system/files.js';

/**
 * The protocol's verbs are written as *steps*: generators that yield each filesystem call they want and are resumed
 * with its reply. Whoever drives them chooses how calls are made: at once on a local disk, many in flight on a slow
 * one, or one at a time in every possible order in the model checker. The verbs are the same code in all of them.
 */

export type { FileCall, FileReply } from '../system/files.js';

export type Steps<T> = Generator<FileCall, T, FileReply>;

/**
 * Moves a file or directory to a name never used before: an existing file would be replaced, and what a host remembers
 * of a name could mislead it.
 */
export function* rename(from: string, to: string): Steps<FileStatus> {
  return (yield { op: 'rename', from, to }) as FileStatus;
}

/**
 * Moves a file to a name that it had before, as a badge that goes to and fro. A host that remembers the file there would
 * take the move for done without asking the server, so it is made to look anew. On the way the file may be called
 * `aside` and ten characters of a token's alphabet for a moment; whoever is killed then leaves it there.
 */
export function* renameBack(from: string, to: string, aside: string): Steps<FileStatus> {
  return (yield { op: 'rename', from, to, aside }) as FileStatus;
}

/** A second name for a file; never replaces anything. */
export function* link(from: string, to: string): Steps<FileStatus> {
  return (yield { op: 'link', from, to }) as FileStatus;
}

/** The names in a directory, as they are now and not as some cache remembers them; undefined: no such directory. */
export function* list(path: string): Steps<readonly string[] | undefined> {
  const reply = yield { op: 'list', path };
  return typeof reply === 'string' ? undefined : (reply as readonly string[]);
}

/** A whole file through a fresh open; undefined: no such file. */
export function* read(path: string): Steps<Uint8Array | undefined> {
  const reply = yield { op: 'read', path };
  return typeof reply === 'string' ? undefined : (reply as Uint8Array);
}

/** A file's last bytes, at most so many. */
export function* readEnd(path: string, last: number): Steps<Uint8Array | undefined> {
  const reply = yield { op: 'read', path, last };
  return typeof reply === 'string' ? undefined : (reply as Uint8Array);
}

/** Bytes in a file; 0 if it is not there. */
export function* size(path: string): Steps<number> {
  const reply = yield { op: 'size', path };
  return typeof reply === 'number' ? reply : 0;
}

/** A new file, whole; `exists` leaves what is there alone. */
export function* create(path: string, content: string | Uint8Array, mode = 0o600): Steps<FileStatus> {
  return (yield { op: 'create', path, content, mode }) as FileStatus;
}

/** New content for a file that must be there already. */
export function* overwrite(path: string, content: string): Steps<FileStatus> {
  return (yield { op: 'overwrite', path, content }) as FileStatus;
}

/** A line more in a file with one writer; made if it is not there. */
export function* append(path: string, content: string): Steps<FileStatus> {
  return (yield { op: 'append', path, content }) as FileStatus;
}

/** The same, when nobody waits for the line: it may reach a file server together with the next. */
export function* appendLater(path: string, content: string): Steps<FileStatus> {
  return (yield { op: 'append', path, content, when: 'later' }) as FileStatus;
}

export function* mkdir(path: string): Steps<FileStatus> {
  return (yield { op: 'mkdir', path }) as FileStatus;
}

export function* rmdir(path: string): Steps<FileStatus> {
  return (yield { op: 'rmdir', path }) as FileStatus;
}

/** Needed only for what others may have done: links and renames are flushed with the call. */
export function* flush(directory: string): Steps<FileStatus> {
  return (yield { op: 'flush', path: directory }) as FileStatus;
}

export function* unlink(path: string): Steps<FileStatus> {
  return (yield { op: 'unlink', path }) as FileStatus;
}
