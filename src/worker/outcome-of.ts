import type { Outcome } from '../job/outcome.js';
import type { Ended } from './starter.js';

/** What a crew knows of an execution beside how its process ended. */
export interface Circumstances {
  readonly crew: string;
  /** Seconds. */
  readonly timeout: number | undefined;
  /** Its user asked for its end. */
  readonly cancelled: boolean;
  /** Its crew leaves, and gives back what it holds. */
  readonly givenBack: boolean;
  readonly signalName: (number: number) => string;
}

/** How an execution ended, or that it is to be given back uncounted. */
export function outcomeOf(ended: Ended, how: Circumstances): Outcome | 'given-back' {
  if (ended.kind === 'failed') return { kind: 'spawn-error', reason: ended.reason };
  if (ended.kind === 'dropped') return 'given-back';
  if (how.cancelled && ended.why === 'stopped') return { kind: 'cancelled' };
  if (how.givenBack && (ended.why === 'stopped' || mayBeOfAKillAll(ended))) return 'given-back';
  switch (ended.why) {
    case 'timeout':
      return { kind: 'timeout', seconds: how.timeout ?? 0 };
    case 'silence':
      return { kind: 'lost', crew: how.crew };
    case 'own':
    case 'stopped':
      return ended.kind === 'exit'
        ? { kind: 'exit', code: ended.code }
        : { kind: 'signal', signal: how.signalName(ended.number) };
  }
}

/** Exit codes above 128 are a shell's way to say which signal ended its program; there are 64 of them. */
const bySignal = { least: 129, most: 192 };

/**
 * Whether a process may have ended because everything on its host or of its batch job was told to: by a signal that was
 * not ours. Then its crew is told, too, a moment sooner or later.
 */
export function mayBeOfAKillAll(ended: Ended): boolean {
  if (ended.kind === 'failed' || ended.kind === 'dropped' || ended.why !== 'own') return false;
  return ended.kind === 'signal' || (ended.code >= bySignal.least && ended.code <= bySignal.most);
}
