/** Milliseconds of the server's time that are given out at once. */
const span = 5;

/** The server's time, given to who comes first. Those who come may be a little ahead of each other in time. */
export class ServerTime {
  /** By span: how much of it is taken. */
  readonly #taken = new Map<number, number>();
  /** Spans that are taken, and where to look next for one that is not. */
  readonly #next = new Map<number, number>();
  work = 0;

  /** When the server turns to it. */
  enter(at: number, work: number): number {
    if (work === 0) return at;
    this.work += work;
    const first = Math.floor(at / span);
    let index = this.#free(first);
    const start = index === first ? at : index * span;
    for (let left = work; left > 0; index = this.#free(index)) {
      const taken = this.#taken.get(index) ?? 0;
      const here = Math.min(left, span - taken);
      left -= here;
      if (taken + here >= span) {
        this.#taken.delete(index);
        this.#next.set(index, index + 1);
      } else this.#taken.set(index, taken + here);
    }
    return start;
  }

  #free(index: number): number {
    let free = index;
    for (let next = this.#next.get(free); next !== undefined; next = this.#next.get(free)) free = next;
    // The way is shorter for who comes next.
    if (free !== index) this.#next.set(index, free);
    return free;
  }
}
