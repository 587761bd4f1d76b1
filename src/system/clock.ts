/** Time, handed in so that what depends on it can be tested without waiting. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; for durations on this host only. */
  monotonic(): number;
  /** Wall time as ISO 8601, for people and journals; never compared between hosts. */
  timestamp(): string;
  /** Milliseconds since 1970. */
  wall(): number;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  timestamp: () => new Date().toISOString(),
  wall: () => Date.now(),
};
