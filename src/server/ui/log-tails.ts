import { Refusal, ask, jobRoute } from './ask-server.js';
import { lastLines, plainLog } from './log-text.js';

/** Lines, and bytes that are read for them. */
const shownLines = 4;
const tailBytes = 1200;
/** Milliseconds: where failures come by the dozen, nobody reads what is gone in a moment. */
const patience = 400;

/** The ends of the logs of the few jobs that are shown, each read once. */
export class LogTails {
  readonly #came: () => void;
  readonly #tails = new Map<string, string>();
  #wanted: readonly string[] = [];
  #reading = false;

  constructor(came: () => void) {
    this.#came = came;
  }

  of(id: string): string | undefined {
    return this.#tails.get(id);
  }

  /** Reads those that are not known yet, and forgets those that are not wanted any more. */
  async want(ids: readonly string[]): Promise<void> {
    this.#wanted = ids;
    for (const id of this.#tails.keys()) if (!ids.includes(id)) this.#tails.delete(id);
    if (this.#reading || this.#next() === undefined) return;
    this.#reading = true;
    try {
      await new Promise((resolve) => setTimeout(resolve, patience));
      for (let id = this.#next(); id !== undefined; id = this.#next()) {
        this.#tails.set(id, await readTail(id));
        this.#came();
      }
    } finally {
      this.#reading = false;
    }
  }

  #next(): string | undefined {
    return this.#wanted.find((id) => !this.#tails.has(id));
  }
}

/** Of what it said of its errors; if it said nothing of them, of what it printed. */
async function readTail(id: string): Promise<string> {
  for (const stream of ['err', 'out']) {
    const text = await readEnd(id, stream);
    if (text.trim() !== '') return lastLines(plainLog(text), shownLines);
  }
  return '';
}

async function readEnd(id: string, stream: string): Promise<string> {
  try {
    const response = await ask(jobRoute(id, '/log', { stream }), {
      headers: { Range: `bytes=-${tailBytes}` },
    });
    const text = await response.text();
    // A part of a file may begin within a line.
    return response.status === 206
      ? text.slice(text.length < tailBytes / 2 ? 0 : text.indexOf('\n') + 1)
      : text;
  } catch (error) {
    // It has printed nothing, or the file is empty.
    if (error instanceof Refusal && (error.status === 404 || error.status === 416)) return '';
    throw error;
  }
}
