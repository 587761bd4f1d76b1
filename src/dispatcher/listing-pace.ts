/** A listing takes one part in so many of the time between two of them: its cost grows with the queue. */
const listingShare = 20;
/**
 * Milliseconds that a listing may put off the next by its cost: enough for hundreds of thousands of names. What takes
 * longer has hung with its file server, and says nothing of the next.
 */
const longestPause = 30_000;

/** Milliseconds from the end of a listing that took `took` to the next, of which one is due in each `interval`. */
export function untilNextListing(interval: number, took: number): number {
  // A little early is on time: else every other tick of the timer would be in vain.
  return Math.max(interval * 0.9, Math.min(took * listingShare, longestPause));
}
