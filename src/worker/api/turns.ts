/** Lets so many do something at a time, in the order in which they came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atATime: number) {
    this.#free = atATime;
  }

  async take<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** All of them, and the first failure once none of them does anything any more: others hear of it by `stop`. */
export async function allOf<T>(
  items: Iterable<T>,
  action: (item: T) => Promise<void>,
  stop: (reason: unknown) => void,
): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(
    [...items].map(async (item) => {
      try {
        await action(item);
      } catch (error) {
        if (failures.push(error) === 1) stop(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
