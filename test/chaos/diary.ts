import { appendFileSync } from 'node:fs';

/** What was done and seen, with seconds since the beginning; printed, and kept for whoever looks for a cause. */
export class Diary {
  #began = performance.now();
  readonly #path: string;
  readonly #aloud: boolean;
  /** Outputs of programs: searched for bugs at the end. */
  readonly outputs: string[] = [];

  constructor(path: string, aloud: boolean) {
    this.#path = path;
    this.#aloud = aloud;
  }

  /** From here on seconds are counted. */
  begin(): void {
    this.#began = performance.now();
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  note(text: string): void {
    const line = `${this.seconds.toFixed(1).padStart(6)}  ${text}`;
    appendFileSync(this.#path, `${new Date().toISOString()} ${line}\n`);
    if (this.#aloud) console.log(line);
  }

  heard(who: string, output: string): void {
    const text = output.trim();
    if (text === '') return;
    this.outputs.push(`${who}: ${text}`);
    appendFileSync(this.#path, `${text.replace(/^/gm, `        ${who}: `)}\n`);
  }
}
