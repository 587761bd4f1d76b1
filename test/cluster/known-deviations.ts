import type { Tally } from './contest/tally.js';

type Deviation = 'both' | 'contradictions' | 'stale';

/**
 * What some filesystems do that the others do not, for each contest by the first word of its name. None of it may lose,
 * double or tear anything.
 */
const deviations: Readonly<Record<string, Readonly<Record<string, readonly Deviation[]>>>> = {
  // Linux does nothing, and calls that success, when it is to rename a file to a name that it knows for the same file.
  // Who remembers the old name and sees the new one for the first time is told so, though another has moved it.
  nfs: { claim: ['both'], fence: ['both'], announce: ['stale'], bury: ['stale'] },
  nfs3: { claim: ['both'], fence: ['both'], announce: ['stale'], bury: ['stale'] },
  gluster: {
    // A directory that another host looks at just while it is renamed may answer ESTALE: see inventory.ts.
    raise: ['contradictions'],
    claim: ['both'],
    fence: ['both'],
    // A directory that was renamed answers for another moment under the name that it had; or under neither, ESTALE.
    announce: ['stale'],
    bury: ['stale', 'contradictions'],
    finish: ['stale', 'contradictions'],
    // A lock directory that was listed is remembered for a second.
    release: ['stale'],
    // Of two mkdir of one name now and then both are told that it is there, and then it is not.
    add: ['contradictions'],
    lock: ['contradictions'],
  },
};

/** What of a tally is not as it should be, and not known to be so on this filesystem. */
export function surprises(filesystem: string, tally: Tally): Partial<Tally> {
  const [word = ''] = tally.contest.split(':');
  const known = new Set<string>(deviations[filesystem]?.[word]);
  const suspects = ['both', 'contradictions', 'stale', 'lost', 'doubled', 'torn'] as const;
  return Object.fromEntries(
    suspects.filter((kind) => tally[kind] > 0 && !known.has(kind)).map((kind) => [kind, tally[kind]]),
  );
}
