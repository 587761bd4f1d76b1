import type { Staging } from '../../system/staging.js';

/** Bytes that a file takes beside what is in it, however little that is. */
const each = 4096;

/** An execution may not send that much. */
export class TooMuch extends Error {}

/** What executions have sent, so that none of them fills the disk. `T`: an execution. */
export class UploadLimit<T extends WeakKey> {
  /** Bytes. */
  readonly #most: number;
  readonly #staging: Pick<Staging, 'measure'>;
  readonly #allowances = new WeakMap<T, Promise<Allowance>>();

  constructor(most: number, staging: Pick<Staging, 'measure'>) {
    this.#most = most;
    this.#staging = staging;
  }

  /** `directory`: where an execution's uploads are. What other servers have received by now lies there, too. */
  async of(execution: T, directory: string): Promise<Allowance> {
    const known = this.#allowances.get(execution);
    if (known !== undefined) return known;
    const made = this.#staging.measure(directory, each).then((bytes) => new Allowance(this.#most, bytes));
    this.#allowances.set(execution, made);
    // A file server that was away for a moment is asked again.
    made.catch(() => this.#allowances.delete(execution));
    return made;
  }

  /** Files that are sent under one name replace each other. */
  async replaced(path: string): Promise<number> {
    return this.#staging.measure(path, each);
  }
}

/** What one execution may still send. */
export class Allowance {
  readonly #most: number;
  #used: number;

  constructor(most: number, used: number) {
    this.#most = most;
    this.#used = used;
  }

  /** Whether so many bytes more are within it; if so they count from now on. */
  take(bytes: number, replaced = 0): boolean {
    if (this.#used + bytes - replaced > this.#most) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}

/** A file that is being sent. It takes the place of one that takes `replaced` bytes. */
export class Sending {
  readonly #allowance: Allowance;
  readonly #replaced: number;
  #bytes = 0;

  constructor(allowance: Allowance, replaced: number) {
    this.#allowance = allowance;
    this.#replaced = replaced;
  }

  /** Whether there is room for it, if it is empty. */
  begin(): boolean {
    return this.#take(each);
  }

  /** The same content. Throws TooMuch as soon as it is. */
  async *watch(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of content) {
      if (!this.#take(piece.length)) throw new TooMuch();
      yield piece;
    }
  }

  end(isKept: boolean): void {
    this.#allowance.release(isKept ? this.#replaced : this.#bytes);
  }

  #take(bytes: number): boolean {
    if (!this.#allowance.take(bytes, this.#replaced)) return false;
    this.#bytes += bytes;
    return true;
  }
}
