/** What came of a contest, as one of the two saw it. */
export interface Tally {
  readonly contest: string;
  rounds: number;
  /** Rounds that each side has won. */
  readonly wins: [number, number];
  /** Rounds that each side believes to have won. */
  both: number;
  /** Rounds whose answers do not fit together. */
  contradictions: number;
  /** Answers that were true a moment ago. */
  stale: number;
  /** Files that neither host finds. */
  lost: number;
  doubled: number;
  torn: number;
  /** Files that one host finds, and that the other's memory of missing names hides from it. */
  hidden: number;
  /** The first of all that is wrong, in words. */
  readonly faults: string[];
  seconds: number;
}

export function newTally(contest: string): Tally {
  return {
    contest,
    rounds: 0,
    wins: [0, 0],
    both: 0,
    contradictions: 0,
    stale: 0,
    lost: 0,
    doubled: 0,
    torn: 0,
    hidden: 0,
    faults: [],
    seconds: 0,
  };
}

const faultsTold = 5;

export function note(tally: Tally, fault: string): void {
  if (tally.faults.length < faultsTold) tally.faults.push(fault);
}
