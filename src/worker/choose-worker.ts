export interface Choice {
  readonly worker: number;
  /** Another might do better that has something to do just now. */
  readonly isSecondBest: boolean;
}

/**
 * Which worker is to start an entry; undefined: none can. `free`: the best first. `keeper`: the one that keeps its items,
 * and no other. `isAvoided`: it failed on that worker, and is to have another if there is one.
 */
export function chooseWorker(
  free: Iterable<number>,
  all: Iterable<number>,
  keeper: number | undefined,
  isAvoided: (worker: number) => boolean,
): Choice | undefined {
  const candidates = keeper === undefined ? [...free] : [...free].filter((worker) => worker === keeper);
  const [first] = candidates;
  if (first === undefined) return undefined;
  const other = candidates.find((worker) => !isAvoided(worker));
  if (other !== undefined) return { worker: other, isSecondBest: false };
  return {
    worker: first,
    isSecondBest: keeper === undefined && [...all].some((worker) => !isAvoided(worker)),
  };
}
