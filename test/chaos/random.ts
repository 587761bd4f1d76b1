/** Pseudo-random numbers: the same seed gives the same ones, on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** With one digit after the point: plans are read by people. */
  between(low: number, high: number): number {
    return Math.round((low + this.next() * (high - low)) * 10) / 10;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]!;
  }

  /** One of the names, each as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Partial<Record<T, number>>>): T {
    const pairs = Object.entries(weights) as [T, number][];
    let left = this.next() * pairs.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of pairs) if ((left -= weight) < 0) return name;
    return pairs.at(-1)![0];
  }
}
