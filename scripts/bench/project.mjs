// A project of fjr's, fresh for each run.
import { mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from '../setup.mjs';

let count = 0;

export class Project {
  #bench;
  #name = `bench${(count += 1)}`;
  #ledgers = new Map();

  constructor(bench) {
    this.#bench = bench;
    this.directory = join(bench.home, 'fjr', this.#name);
    for (const place of ['', 'jobqueue'])
      mkdirSync(join(this.directory, place), { recursive: true, mode: 0o700 });
  }

  path(...names) {
    return join(this.directory, ...names);
  }

  argv(program, ...args) {
    const [before, after] =
      program === 'fjr' ? [['--project', this.#name], []] : [[], ['--project', this.#name]];
    return [process.execPath, join(root, 'dist', `${program}.js`), ...before, ...args, ...after];
  }

  /** Starts a program of fjr's; `used` says later what it has used. */
  start(program, args = [], output = 'ignore') {
    const ledger = join(this.#bench.home, `ledger${this.#ledgers.size}`);
    const hook = pathToFileURL(fileURLToPath(new URL('ledger.mjs', import.meta.url)));
    const env = { NODE_OPTIONS: `--import=${hook.href}`, FJR_BENCH_LEDGER: ledger };
    const child = this.#bench.processes.start(this.argv(program, ...args), { env, output });
    this.#ledgers.set(child, ledger);
    return child;
  }

  /** Seconds of CPU, and the most memory in MB, of a program that has ended. */
  used(child) {
    return JSON.parse(readFileSync(this.#ledgers.get(child), 'utf8'));
  }

  startCrew(workers, ...args) {
    return this.start('fjr-worker', ['--workers', String(workers), ...args]);
  }

  /** Until so many workers are free. */
  async idle(workers) {
    await this.#bench.processes.until(
      `${workers} workers are free`,
      () => this.names('workerqueue').length >= workers,
    );
  }

  /** Writes job files as a program of the user's would: one after another, straight into the queue. */
  fill(jobs, executable = 'true', settings = {}) {
    const text = jobFile(executable, settings);
    for (let job = 1; job <= jobs; job++) writeFileSync(this.path('jobqueue', `job${job}.conf`), text);
  }

  /** Makes job files look as if they had lain there: nobody waits until it is sure that they are complete. */
  age() {
    for (const name of this.names('jobqueue')) utimesSync(this.path('jobqueue', name), 1e9, 1e9);
  }

  names(place) {
    try {
      return readdirSync(this.path(place));
    } catch {
      return [];
    }
  }

  /** When the first and the last outcome came about, in milliseconds since 1970. */
  span() {
    const runs = this.names('done').filter((name) => name.endsWith('.run'));
    const files = ['journal', ...runs.map((run) => join('done', run, 'outcomes'))].flatMap((directory) =>
      this.names(directory).map((name) => this.path(directory, name)),
    );
    return spanOf(files.map((file) => readFileSync(file, 'utf8')));
  }

  checkDone(jobs) {
    const done = this.names('done').length;
    if (done !== jobs) throw new Error(`${done} of ${jobs} jobs are done in ${this.directory}`);
  }

  remove() {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Of the texts of journals, and of fan-out jobs' outcomes. */
export function spanOf(texts) {
  let [first, last] = [Infinity, 0];
  for (const text of texts)
    for (const [, finished, at] of text.matchAll(
      /"event":"finish".*?"time":"([^"]+)"|^\{"task":.*"at":(\d+)/gm,
    )) {
      const time = finished === undefined ? Number(at) : Date.parse(finished);
      first = Math.min(first, time);
      last = Math.max(last, time);
    }
  return { first, last };
}

/** Jobs as nice as their peers' are: on a busy machine nicer ones would be compared with what runs beside. */
export function jobFile(executable, settings = {}) {
  const lines = Object.entries({ executable, nice: getPriority(), ...settings });
  return `[fjr]\n${lines.map(([key, value]) => `${key}: ${value}\n`).join('')}`;
}
