import { unlessLost } from './ask-server.js';

/** Milliseconds. Lists change no more often than an eye can follow. */
const frame = 200;

/**
 * Puts off drawing: however often it is asked for, it is done once, with the next picture, and not more often than every
 * so many milliseconds. In a tab that nobody sees nothing is drawn.
 */
export function drawLater(draw: () => void): () => void {
  let asked = false;
  let last = -Infinity;
  const attempt = (now: number): void => {
    if (now - last < frame) {
      requestAnimationFrame(attempt);
      return;
    }
    asked = false;
    last = now;
    draw();
  };
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(attempt);
  };
}

/** An answer that took long to get is asked for less often: so many times as long lies between two. */
const shareOfTime = 20;

/**
 * Asks again after changes: at once after the first, and then no more often than every so many milliseconds, however
 * many there are.
 */
export class Refresher {
  readonly #look: () => Promise<void>;
  readonly #pause: number;
  #timer: number | undefined;
  #looking = false;
  #again = false;
  #closed = false;

  constructor(look: () => Promise<void>, pause: number) {
    this.#look = look;
    this.#pause = pause;
  }

  /** Something has changed. */
  soon(): void {
    if (this.#closed) return;
    if (this.#looking || this.#timer !== undefined) this.#again = true;
    else void this.now().catch(unlessLost);
  }

  async now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#again = false;
    const begun = performance.now();
    try {
      await this.#look();
    } finally {
      this.#looking = false;
      const took = performance.now() - begun;
      if (!this.#closed)
        this.#timer = setTimeout(this.#pauseEnded, Math.max(this.#pause, took * shareOfTime));
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  readonly #pauseEnded = (): void => {
    this.#timer = undefined;
    if (this.#again) void this.now().catch(unlessLost);
  };
}
