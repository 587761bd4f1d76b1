import { type FanOutPaths, type GangState, gangStateName } from './fan-out-paths.js';
import type { Token } from './token.js';
import { type Steps, list, overwrite, rename } from './steps.js';

/** From `open` to `hold`, from there to `go` or `void`, and from `void` to the next try's `hold`. */
export type Decided = 'decided' | 'overtaken';

/**
 * Decide: what the ranks of a gang are to do is told by the *name* of one file in its directory.
 *
 * `hold=T`: slices of try T are placed, and none of them starts. `go=T`: all have a worker, and start. `void=T`: none of
 * them starts any more, those that run are stopped, and each crew gives back what it has.
 *
 * Atomic: the rename. Of two who decide differently one finds the name gone. A crash before it leaves a try that nobody
 * goes on with: the next dispatcher voids it. One after it leaves a decision that every crew finds for itself.
 */
export function* decideGang(paths: FanOutPaths, from: GangState, to: GangState): Steps<Decided> {
  if ((yield* rename(paths.gang(from), paths.gang(to))) === 'ok') return 'decided';
  // Ours all the same, if the reply was lost.
  return (yield* list(paths.directory))?.includes(gangStateName(to)) === true ? 'decided' : 'overtaken';
}

/** Go: with `hosts`, the host on which each rank runs, in the file that is renamed. */
export function* letGangGo(paths: FanOutPaths, token: Token, hosts: readonly string[]): Steps<Decided> {
  const hold = { kind: 'hold', token } as const;
  yield* overwrite(paths.gang(hold), `${JSON.stringify({ hosts })}\n`);
  return yield* decideGang(paths, hold, { kind: 'go', token });
}
