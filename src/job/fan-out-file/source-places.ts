import type { KeyPath, Place } from './problems.js';
import type { MarkedText } from './templates.js';

/** Where in the text as it was written each key and value stands. */
export class SourcePlaces {
  readonly #original: string;
  readonly #marked: MarkedText;
  /** Offsets in the marked text, by path as JSON. */
  readonly #values = new Map<string, number>();
  readonly #keys = new Map<string, number>();

  constructor(original: string, marked: MarkedText) {
    this.#original = original;
    this.#marked = marked;
  }

  /** The first place is kept: an alias's value stands where the alias does. */
  addValue(path: KeyPath, offset: number): void {
    const key = JSON.stringify(path);
    if (!this.#values.has(key)) this.#values.set(key, offset);
  }

  addKey(path: KeyPath, offset: number): void {
    this.#keys.set(JSON.stringify(path), offset);
  }

  /** Of a value, or the nearest thing around it. */
  ofValue(path: KeyPath): Place {
    for (let length = path.length; length >= 0; length--) {
      const key = JSON.stringify(path.slice(0, length));
      const offset = this.#values.get(key) ?? this.#keys.get(key);
      if (offset !== undefined) return this.ofMarked(offset);
    }
    return { line: 1, column: 1 };
  }

  ofKey(path: KeyPath): Place {
    const offset = this.#keys.get(JSON.stringify(path));
    return offset === undefined ? this.ofValue(path) : this.ofMarked(offset);
  }

  /** Of an offset in the marked text. */
  ofMarked(offset: number): Place {
    return this.ofOriginal(this.#marked.originalOffset(offset));
  }

  /** Of an offset in the text as it was written. */
  ofOriginal(offset: number): Place {
    const before = this.#original.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  }
}
