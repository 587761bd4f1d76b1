/**
 * Does something with each item, so many at once, each in a lane that `open` makes. After a failure no lane begins another
 * item; when all have come to rest the first failure is thrown.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  lanes: number,
  open: () => (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    let work: ((item: T) => Promise<void>) | undefined;
    for (let next = left.next(); next.done !== true && failures.length === 0; next = left.next())
      try {
        work ??= open();
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) throw failures[0];
}
