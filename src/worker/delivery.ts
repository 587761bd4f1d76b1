import type { Files } from '../system/files.js';

/** One stream of a task: from its scratch file to a file of its own. */
export interface Piece {
  readonly from: string;
  readonly to: string;
  /** How far it is, in bytes, by scratch file; the task's own, and empty when it begins. */
  readonly delivered: Map<string, number>;
}

/**
 * How what a task printed comes to a file of its own, which people may follow while it runs. Its scratch file is empty
 * or gone when all has been done.
 */
export interface Delivery {
  /** Where all that was printed is, once it is being delivered. */
  where(piece: Piece): string;
  /** While the task runs; again and again. */
  goOn(piece: Piece): void;
  /** The middle was left out. */
  beginAnew(piece: Piece): void;
  /** The task has ended, and has printed something. */
  end(piece: Piece): void;
  /** It has printed nothing since that began. */
  drop(piece: Piece): void;
}

/** On one filesystem: the file is moved, and the task goes on printing into it. */
export class MovingDelivery implements Delivery {
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  where({ to }: Piece): string {
    return to;
  }

  goOn({ from, to, delivered }: Piece): void {
    if (delivered.has(from)) return;
    this.#files.call({ op: 'rename', from, to });
    delivered.set(from, 0);
  }

  beginAnew(): void {
    // What is cut there is cut for everybody.
  }

  end(piece: Piece): void {
    this.goOn(piece);
  }

  drop({ from, to, delivered }: Piece): void {
    if (delivered.delete(from)) this.#files.call({ op: 'unlink', path: to });
  }
}

/** Bytes that are copied at a time … */
const chunk = 2 ** 20;
/** … and before others have their turn. */
const mostAtOnce = 16 * chunk;

/** From the host's own disk to a file server: what was added is copied every now and then. */
export class CopyingDelivery implements Delivery {
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  where({ from }: Piece): string {
    return from;
  }

  goOn(piece: Piece): void {
    this.#copy(piece, mostAtOnce);
  }

  beginAnew({ from, to, delivered }: Piece): void {
    if (delivered.delete(from)) this.#files.cutEnd(to, 0);
  }

  end(piece: Piece): void {
    const { from, delivered } = piece;
    try {
      // What was printed last may have been taken away again.
      if ((this.#files.size(from) ?? 0) < (delivered.get(from) ?? 0)) this.beginAnew(piece);
      this.#copy(piece, Infinity);
    } finally {
      this.#files.call({ op: 'overwrite', path: from, content: '' });
    }
  }

  drop(): void {
    // Nothing was made.
  }

  #copy({ from, to, delivered }: Piece, most: number): void {
    const start = delivered.get(from) ?? 0;
    for (let offset = start; offset - start < most;) {
      const bytes = this.#files.readFrom(from, offset, chunk);
      if (bytes === undefined || bytes.length === 0) return;
      this.#files.addTo(to, bytes);
      offset += bytes.length;
      delivered.set(from, offset);
    }
  }
}
