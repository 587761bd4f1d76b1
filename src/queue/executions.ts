/** A run of lines that say the same of tasks one after another. `result` undefined: lines that say again what others say. */
interface Stretch<R> {
  readonly first: number;
  readonly result: R | undefined;
  /** They do not count all the same. */
  readonly pardoned: boolean;
  count: number;
}

/**
 * The executions of one slice, in the order of their lines. Millions are remembered, and nearly all of a slice are of one
 * task after another with one result: so what is kept is stretches of such.
 */
export class Executions<R> {
  #stretches: Stretch<R>[] = [];
  /** All lines, those included that do not count. */
  lines = 0;
  /** Once the slice is sealed: how many of its lines count. */
  limit = Infinity;

  /** The next line; false: an earlier one says the same. */
  add(task: number, result: R): boolean {
    const isNew = !this.#stretches.some(
      (stretch) => stretch.result === result && stretch.first <= task && task < stretch.first + stretch.count,
    );
    this.#append(task, isNew ? result : undefined, false);
    return isNew;
  }

  /** The next line, which is pardoned. */
  addPardoned(task: number, result: R): void {
    this.#append(task, result, true);
  }

  #append(task: number, result: R | undefined, pardoned: boolean): void {
    this.lines += 1;
    const last = this.#stretches.at(-1);
    const isAlike = last?.result === result && last?.pardoned === pardoned;
    if (last !== undefined && isAlike && (result === undefined || last.first + last.count === task))
      last.count += 1;
    else this.#stretches.push({ first: task, result, pardoned, count: 1 });
  }

  /** Lines with such a result do not count any more; yields what they said. */
  *pardon(isPardoned: (result: R) => boolean): Generator<{ readonly task: number; readonly result: R }> {
    for (const [index, stretch] of this.#stretches.entries()) {
      const { first, result, count } = stretch;
      if (result === undefined || stretch.pardoned || !isPardoned(result)) continue;
      this.#stretches[index] = { ...stretch, pardoned: true };
      for (let task = first; task < first + count; task++) yield { task, result };
    }
  }

  /** Takes away all lines but the first so many; yields what each of them said. */
  *cut(limit: number): Generator<{ readonly task: number; readonly result: R }> {
    this.limit = limit;
    let kept = 0;
    const stretches = this.#stretches;
    this.#stretches = [];
    this.lines = Math.min(this.lines, limit);
    for (const { first, result, pardoned, count } of stretches) {
      const here = Math.min(count, Math.max(0, limit - kept));
      kept += count;
      if (here > 0) this.#stretches.push({ first, result, pardoned, count: here });
      if (result === undefined || pardoned) continue;
      for (let task = first + here; task < first + count; task++) yield { task, result };
    }
  }

  /** Whether any of its lines is about this task. */
  isAbout(task: number): boolean {
    return this.#stretches.some(
      ({ first, result, count }) => result !== undefined && first <= task && task < first + count,
    );
  }
}
