import type { KeyPath, Place } from './problems.js';
import type { MarkedText } from './templates.js';

/** Where in the text as it was written each key and value stands. */
export class SourcePlaces {
  /** Offsets at which lines begin. */
  readonly #lines: readonly number[];
  readonly #marked: MarkedText;
  /** Offsets in the marked text, by path as JSON. */
  readonly #values = new Map<string, number>();
  readonly #keys = new Map<string, number>();

  constructor(original: string, marked: MarkedText) {
    this.#lines = [0, ...Array.from(original.matchAll(/\n/g), ({ index }) => index + 1)];
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
    let [low, high] = [0, this.#lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#lines[low] ?? 0) + 1 };
  }
}
