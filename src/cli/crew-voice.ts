import { FjrError } from '../job/fjr-error.js';
import type { CrewEvent } from '../worker/crew-events.js';
import { clock } from './compose.js';
import { plural, printable, remark, say } from './say.js';

/** Lines a second that a person could read; beyond, jobs are counted instead of told. */
const linesPerSecond = 40;

/** What a crew says in its terminal. */
export class CrewVoice {
  #second = 0;
  #lines = 0;
  #untold = 0;
  #lastTrouble = '';

  tell(event: CrewEvent): void {
    switch (event.kind) {
      case 'born':
        say(`[fjr-worker] Started with ID ${event.crew}.`);
        return;
      case 'found':
        this.#tellJob(`[fjr-worker] Worker ${event.crew}.${event.worker}: I found a job.`, true);
        return;
      case 'finished':
        this.#tellJob(`[fjr-worker] Worker ${event.crew}.${event.worker}: Finished my job.`, false);
        return;
      case 'fenced':
        say(
          `[fjr-worker] Crew ${event.crew} was taken for dead: its jobs are stopped, and it starts afresh.`,
        );
        return;
      case 'left':
        say(`[fjr-worker] Crew ${event.crew} has left.`);
        return;
      case 'trouble':
        this.#tellTrouble(event.error);
    }
  }

  /** A terminal that scrolls a thousand lines a second costs more than the jobs do. */
  #tellJob(line: string, isStart: boolean): void {
    const second = Math.floor(clock.monotonic() / 1000);
    if (second !== this.#second) {
      if (this.#untold > 0) say(`[fjr-worker] … and ${plural(this.#untold, 'more job')} within a second.`);
      [this.#second, this.#lines, this.#untold] = [second, 0, 0];
    }
    if (this.#lines < linesPerSecond) say(line);
    else if (isStart) this.#untold += 1;
    this.#lines += 1;
  }

  #tellTrouble(error: unknown): void {
    const text = error instanceof FjrError ? error.message : String(error);
    if (text === this.#lastTrouble) return;
    this.#lastTrouble = text;
    remark(`[fjr-worker] ${printable(text)}`);
    if (error instanceof FjrError && error.hint !== undefined) remark(`hint: ${error.hint}`);
  }
}
