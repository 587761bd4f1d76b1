import type { Layout } from '../queue/layout.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import type { LockOwner } from '../system/lock.js';
import type { Premises } from '../system/premises.js';
import type { Verdict } from './finding.js';

/** The outside world, as far as checks look at it. */
export interface DoctorSystem {
  readonly files: Files;
  readonly host: Host;
  readonly clock: Clock;
  readonly premises: Premises;
  readonly locks: Locks;
  readonly uid: number;
}

export interface Locks {
  owner(path: string): LockOwner | undefined;
  /** Takes a lock as whoever comes next would, and gives it back; false: its owner may live. */
  release(path: string): Promise<boolean>;
}

/** What is examined. */
export interface Patient {
  readonly project: string;
  readonly layout: Layout;
  /** Of this installation. */
  readonly version: string;
  /** Names what this examination makes for a moment. */
  readonly nonce: string;
}

/** One look at one thing. It may throw FjrError: then that is what it has found. */
export type Check = (
  system: DoctorSystem,
  patient: Patient,
) => readonly Verdict[] | Promise<readonly Verdict[]>;
