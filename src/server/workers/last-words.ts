import type { Stage } from './stage.js';

/** As many are remembered: who was not answered asks again within minutes. */
const mostWords = 10_000;

/** What workers have said at the end of what they had, and was heard. */
export class LastWords {
  readonly #words = new Map<string, Stage>();

  note(worker: string, id: string, stage: Stage): void {
    const key = keyOf(worker, id);
    // The newest stands last.
    this.#words.delete(key);
    this.#words.set(key, stage);
    const [oldest] = this.#words.keys();
    if (this.#words.size > mostWords && oldest !== undefined) this.#words.delete(oldest);
  }

  has(worker: string, id: string, stage: Stage): boolean {
    return this.#words.get(keyOf(worker, id)) === stage;
  }
}

function keyOf(worker: string, id: string): string {
  return `${worker} ${id}`;
}
