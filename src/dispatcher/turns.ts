import { FjrError } from '../job/fjr-error.js';

/**
 * When a dispatcher acts: as soon as it can, after a while, and again and again. Whatever a failing filesystem left undone
 * is told, and done at a later turn. Once it has ended nothing is begun.
 */
export class Turns {
  readonly #take: () => void;
  readonly #onTrouble: (error: unknown) => void;
  readonly #intervals: NodeJS.Timeout[] = [];
  #alarm: NodeJS.Timeout | undefined;
  #isDue = false;
  #hasEnded = false;

  /** `take`: what is done in each turn. */
  constructor(take: () => void, onTrouble: (error: unknown) => void) {
    this.#take = take;
    this.#onTrouble = onTrouble;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The next turn comes when all that has already happened has been heard. */
  soon(): void {
    if (this.#isDue || this.#hasEnded) return;
    this.#isDue = true;
    this.afterNews(() => {
      this.#isDue = false;
      this.#take();
    });
  }

  /** A turn comes after so many milliseconds, in place of what was asked for earlier. */
  after(milliseconds: number): void {
    clearTimeout(this.#alarm);
    if (this.#hasEnded) return;
    this.#alarm = setTimeout(() => {
      this.soon();
    }, milliseconds);
  }

  /** Something else than a turn, when all that has already happened has been heard. */
  afterNews(action: () => void): void {
    setImmediate(() => {
      this.guard(action);
    });
  }

  /** Something else than a turn, again and again. */
  every(milliseconds: number, action: () => void): void {
    this.#intervals.push(
      setInterval(() => {
        this.guard(action);
      }, milliseconds),
    );
  }

  /** Carries something out whose failing is to hold up nothing else. */
  guard(action: () => void): void {
    if (this.#hasEnded) return;
    try {
      action();
    } catch (error) {
      this.#onTrouble(error);
      if (!(error instanceof FjrError)) throw error;
    }
  }

  end(): void {
    this.#hasEnded = true;
    for (const interval of this.#intervals) clearInterval(interval);
    clearTimeout(this.#alarm);
  }
}
