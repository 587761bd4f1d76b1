import { open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileCall, type FileReply, type Files, toStatus, unexpected } from './files.js';

/** Calls of verbs whose changes are on disk when they are answered, and which keep nobody waiting meanwhile. */
export interface DurableFiles {
  call(call: FileCall): Promise<FileReply>;
}

/**
 * Many callers at once share what durability costs. Each file is written and flushed in a thread of its own. A directory
 * is flushed once for all who changed it before: whoever comes while that is being done shares the next time.
 */
export class SharedFlushes implements DurableFiles {
  readonly #files: Files;
  readonly #fsync: boolean;
  readonly #directories = new Map<string, Flushes>();

  /** `files` flush nothing by themselves. */
  constructor(files: Files, fsync: boolean) {
    this.#files = files;
    this.#fsync = fsync;
  }

  async call(call: FileCall): Promise<FileReply> {
    if (call.op === 'create') return this.#create(call);
    const reply = this.#files.call(call);
    if (call.op === 'flush') await this.#flush(call.path);
    else if (reply === 'ok' && (call.op === 'link' || call.op === 'rename'))
      await this.#flush(dirname(call.to));
    return reply;
  }

  async #flush(directory: string): Promise<void> {
    if (!this.#fsync) return;
    let flushes = this.#directories.get(directory);
    if (flushes === undefined) this.#directories.set(directory, (flushes = new Flushes(directory)));
    await flushes.next();
  }

  async #create(call: FileCall & { readonly op: 'create' }): Promise<FileReply> {
    const { path, content, mode } = call;
    try {
      await writeFile(path, content, { flag: 'wx', mode, flush: this.#fsync });
      return 'ok';
    } catch (error) {
      // On a full disk a part of it may have been written, in which nobody is interested.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(path, { force: true });
      return toStatus(error, call);
    }
  }
}

/** Those of one directory. */
class Flushes {
  readonly #directory: string;
  #present: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** One that begins after this was asked for. */
  next(): Promise<void> {
    return (this.#next ??= this.#after(this.#present));
  }

  async #after(present: Promise<void>): Promise<void> {
    await present.catch(() => undefined);
    this.#present = this.#flush();
    this.#next = undefined;
    await this.#present;
  }

  async #flush(): Promise<void> {
    try {
      const directory = await open(this.#directory, 'r');
      await directory.sync().finally(() => directory.close());
    } catch (error) {
      throw unexpected(error, `flush ${this.#directory}`);
    }
  }
}
