/** `fine`: nothing to do. `note`: worth knowing. `warning`: something is slower or later than it could be, or will not run. `fault`: what fjr relies upon does not hold, or something is left that must be mended. */
export type Level = 'fine' | 'note' | 'warning' | 'fault';

/** What one look at one thing has told. */
export interface Finding {
  readonly check: string;
  /** The section of remote.conf that it is about; undefined: the project, as seen from here. */
  readonly host?: string | undefined;
  readonly level: Level;
  /** For people, without a full stop. */
  readonly what: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Mends it and says what was done; only there where that is safe whatever anybody else does meanwhile. */
  readonly repair?: Repair | undefined;
}

export type Repair = () => string | Promise<string>;

/** A finding before it is known which check made it. */
export type Verdict = Omit<Finding, 'check' | 'host'>;

export const fine = (what: string): Verdict => ({ level: 'fine', what });
export const note = (what: string, hint?: string, repair?: Repair): Verdict => ({
  level: 'note',
  what,
  hint,
  repair,
});
export const warning = (what: string, hint?: string, repair?: Repair): Verdict => ({
  ...note(what, hint, repair),
  level: 'warning',
});
export const fault = (what: string, hint?: string, repair?: Repair): Verdict => ({
  ...note(what, hint, repair),
  level: 'fault',
});
