/** A run of lines that say the same of tasks one after another. `result` undefined: lines that say again what others say. */
interface Stretch<R> {
  readonly first: number;
  readonly result: R | undefined;
  count: number;
}

/**
 * The executions of one slice, in the order of their lines. Millions are remembered, and nearly all of a slice are of one
 * task after another with one result: so what is kept is stretches of such.
 */
export class Executions<R> {
  #stretches: Stretch<R>[] = [];
  /** Lines, those included that say again what an earlier one says. */
  lines = 0;
  /** Once the slice is sealed: how many of its lines count. */
  limit = Infinity;

  /** The next line; false: an earlier one says the same. */
  add(task: number, result: R): boolean {
    const isNew = !this.#stretches.some(
      (stretch) => stretch.result === result && stretch.first <= task && task < stretch.first + stretch.count,
    );
    this.lines += 1;
    const last = this.#stretches.at(-1);
    const said = isNew ? result : undefined;
    if (last !== undefined && last.result === said && (!isNew || last.first + last.count === task))
      last.count += 1;
    else this.#stretches.push({ first: task, result: said, count: 1 });
    return isNew;
  }

  /** Takes away all lines but the first so many; yields what each of them said. */
  *cut(limit: number): Generator<{ readonly task: number; readonly result: R }> {
    this.limit = limit;
    let kept = 0;
    const stretches = this.#stretches;
    this.#stretches = [];
    this.lines = Math.min(this.lines, limit);
    for (const { first, result, count } of stretches) {
      const here = Math.min(count, Math.max(0, limit - kept));
      kept += count;
      if (here > 0) this.#stretches.push({ first, result, count: here });
      if (result === undefined) continue;
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
