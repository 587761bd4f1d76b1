/** What waits in the backlog beside fan-out jobs, and who is idle. */
export interface Rivals {
  /** The highest priority of what waits; -Infinity: nothing does. */
  readonly top: number;
  readonly waiting: number;
  readonly idle: number;
  /** Whether those who are idle were offered what waits, and none of it is for them. */
  readonly inVain: boolean;
}

/** Milliseconds after which a gang goes before others of its priority: small ones would keep it waiting for ever. */
const gangPatience = 30_000;

/** Whether tasks of this priority may have idle workers: some are left for them, or nothing that waits goes before. Pure. */
export function mayBeCarved(priority: number, { top, waiting, idle, inVain }: Rivals): boolean {
  return waiting < idle || inVain || top < priority;
}

/** Whether a gang, which has waited for so many milliseconds, goes before all that waits. Pure. */
export function gangGoesFirst(
  { priority, waited }: { readonly priority: number; readonly waited: number },
  { top }: Pick<Rivals, 'top'>,
): boolean {
  return top < priority || (top === priority && waited > gangPatience);
}
