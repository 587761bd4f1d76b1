/**
 * Judges a crew by its heartbeat, on the looker's own clock: no two hosts' clocks are ever compared.
 *
 * A crew is stale when many fresh, successful looks, spread over its whole lease, saw the same content. Whatever is
 * wrong with the looking starts it over: an error, a look that took longer than a beat, or a gap between two looks. A
 * dispatcher that was itself asleep, or whose file server was away, thus never fences anybody for it.
 */
export interface LeaseWatch {
  readonly content: string;
  /** Monotonic milliseconds of the first look that saw this content. */
  readonly since: number;
  /** … and of the last. */
  readonly last: number;
  /** How many looks saw it. */
  readonly looks: number;
}

/** One look at a heartbeat. `content` is undefined if it could not be read. Times in monotonic milliseconds. */
export interface HeartbeatLook {
  readonly content: string | undefined;
  readonly asked: number;
  readonly answered: number;
}

/** A crew beats at least this often in its lease, and is looked at as often. */
export const beatsPerLease = 10;

export function watchLease(
  watch: LeaseWatch | undefined,
  look: HeartbeatLook,
  leaseSeconds: number,
): { readonly watch: LeaseWatch | undefined; readonly stale: boolean } {
  const beat = (leaseSeconds * 1000) / beatsPerLease;
  if (look.content === undefined || look.answered - look.asked > beat)
    return { watch: undefined, stale: false };
  const goesOn = watch?.content === look.content && look.asked - watch.last <= 2 * beat;
  if (!goesOn)
    return {
      watch: { content: look.content, since: look.answered, last: look.answered, looks: 1 },
      stale: false,
    };
  const next = { ...watch, last: look.answered, looks: watch.looks + 1 };
  return {
    watch: next,
    stale: next.looks >= beatsPerLease && look.asked - next.since >= leaseSeconds * 1000,
  };
}
