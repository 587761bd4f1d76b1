import type { Served } from '../served.js';

/** Tells those who follow logs which have grown: one doorbell for all of them, while there are any. */
export class LogBell {
  readonly #served: Served;
  readonly #rings = new Map<string, Set<() => void>>();
  #silence: (() => void) | undefined;

  constructor(served: Served) {
    this.#served = served;
  }

  /** How many listen. */
  get size(): number {
    let size = 0;
    for (const rings of this.#rings.values()) size += rings.size;
    return size;
  }

  /** Rings when the log file of this name may have grown. Returns how to stop. */
  hang(name: string, ring: () => void): () => void {
    const rings = this.#rings.get(name) ?? new Set();
    this.#rings.set(name, rings.add(ring));
    this.#silence ??= this.#served.doorbells.hang(this.#served.layout.logs, (changed) => {
      for (const one of this.#rings.get(changed ?? '') ?? []) one();
    });
    return () => {
      rings.delete(ring);
      if (rings.size === 0 && this.#rings.get(name) === rings) this.#rings.delete(name);
      if (this.#rings.size > 0) return;
      this.#silence?.();
      this.#silence = undefined;
    };
  }
}
