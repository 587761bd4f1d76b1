import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { programArgv, thisHost } from './compose.js';
import type { Project } from './project.js';

/** How many workers there are to be here, or the fan-out job on whose hosts they are to work. */
export type OwnWork = { readonly workers: number } | { readonly run: string };

/** A crew that works while its starter does: it ends with its standard input. */
export class OwnCrew {
  readonly #process: ChildProcess;

  constructor(project: Project, work: OwnWork) {
    const [program = '', ...args] = programArgv('fjr-worker');
    const log = openSync(`${project.layout.journal}/crew-${thisHost().name}.log`, 'a', 0o600);
    const what = 'run' in work ? ['--for-run', work.run] : ['--workers', String(work.workers)];
    const worker = ['--project', project.name, ...what, '--until-stdin-ends'];
    this.#process = spawn(program, [...args, ...worker], { detached: true, stdio: ['pipe', log, log] });
    this.#process.stdin?.on('error', () => undefined);
    closeSync(log);
  }

  /** When it is gone, whoever ended it. */
  onGone(listener: () => void): void {
    this.#process.once('exit', listener);
  }

  /** It takes nothing new; what runs ends. */
  drain(): void {
    this.#process.kill('SIGUSR2');
  }

  /** It stops what it runs, gives it back, and goes. */
  leave(): void {
    this.#process.stdin?.end();
  }

  async gone(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    await new Promise((resolve) => this.#process.once('exit', resolve));
  }
}
