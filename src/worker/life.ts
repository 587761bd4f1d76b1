import type { Clock } from '../system/clock.js';

/**
 * What a crew is about.
 *
 * ```
 *   working ── drain ──▶ draining ── leave ──▶ leaving
 *      └────────────── leave ─────────────────────▲
 *
 *   each of these, and stranded ── its pod was taken ──▶ fenced
 *   each but fenced ── its starter died ──▶ stranded
 *   each but working ── it has nothing left to do ──▶ gone
 * ```
 */
export type Phase =
  | 'working'
  /** It takes nothing new, and lets what runs end. */
  | 'draining'
  /** It stops what runs, and gives it back. */
  | 'leaving'
  /** Without a starter, and not yet able to give back what it holds. */
  | 'stranded'
  /** A dispatcher took its pod: nothing that it holds is its own any more. */
  | 'fenced'
  | 'gone';

/** The phase that a crew is in, and the time that it has. Whoever of its parts finds that its pod is gone says so here. */
export class Life {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #onFenced: () => void;
  #phase: Phase = 'working';

  /** `endsAt`: monotonic milliseconds, or Infinity. `onFenced` is called once, and at once. */
  constructor(clock: Clock, endsAt: number, onFenced: () => void) {
    this.#clock = clock;
    this.#endsAt = endsAt;
    this.#onFenced = onFenced;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether its pod is no longer its own. */
  get isVoid(): boolean {
    return this.#phase === 'fenced' || this.#phase === 'gone';
  }

  get secondsLeft(): number {
    return (this.#endsAt - this.#clock.monotonic()) / 1000;
  }

  /** Returns whether that is news. */
  drain(): boolean {
    if (this.#phase !== 'working') return false;
    this.#phase = 'draining';
    return true;
  }

  /** Returns whether that is news. */
  leave(): boolean {
    if (this.#phase !== 'working' && this.#phase !== 'draining') return false;
    this.#phase = 'leaving';
    return true;
  }

  strand(): void {
    if (!this.isVoid) this.#phase = 'stranded';
  }

  fence(): void {
    if (this.isVoid) return;
    this.#phase = 'fenced';
    this.#onFenced();
  }

  end(): void {
    this.#phase = 'gone';
  }
}
