import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test as base } from 'vitest';
import { Background, type Result, type RunOptions } from './background.js';
import { ControlledJobs } from './controlled-job.js';
import { onPath } from './on-path.js';
import { type ProcessSeen, processesWith, signal } from './processes.js';
import { ProjectFiles } from './project-files.js';
import { Terminal } from './terminal.js';
import { waitUntil } from './wait-until.js';

/** The built programs; `FJR_TEST_DIST` names others than the checkout's. */
export const dist = process.env['FJR_TEST_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
const fjrPrograms = ['fjr', 'fjr-recruiter', 'fjr-dispatcher', 'fjr-worker'];

/** Tests that bring a directory, an environment and processes of their own, and leave none of them behind. */
export const test = base.extend<{ rig: Rig }>({
  rig: async ({ task }, use) => {
    const rig = new Rig();
    await use(rig);
    const failed = task.result?.state === 'fail';
    if (failed) console.error(rig.describe());
    await rig.dispose(failed);
  },
});

export class Rig {
  /** Short, since the paths of sockets below it are limited to 107 bytes. */
  readonly directory = mkdtempSync('/tmp/fjr-');
  readonly fjrHome = `${this.directory}/fjr`;
  /** Where jobs note what they did: outside of the project. */
  readonly ledger = `${this.directory}/ledger`;
  readonly env: Record<string, string | undefined>;
  readonly #processes: Background[] = [];
  readonly #terminals: Terminal[] = [];
  #jobs: ControlledJobs | undefined;

  constructor() {
    const inside = (name: string): string => `${this.directory}/${name}`;
    for (const name of ['home', 'tmux', 'screen', 'tmp', 'ledger']) mkdirSync(inside(name), { mode: 0o700 });
    this.env = {
      ...process.env,
      HOME: inside('home'),
      FJR_HOME: this.fjrHome,
      TMUX_TMPDIR: inside('tmux'),
      SCREENDIR: inside('screen'),
      TMPDIR: inside('tmp'),
      LEDGER: this.ledger,
      FJR_TEST_SOCKET: inside('jobs.sock'),
      TERM: 'xterm-256color',
      // The tests themselves may run in a session.
      TMUX: undefined,
      STY: undefined,
      NODE_OPTIONS: undefined,
    };
  }

  project(name = 'default'): ProjectFiles {
    return new ProjectFiles(`${this.fjrHome}/${name}`);
  }

  /** Jobs that ask the test what to do. */
  get jobs(): ControlledJobs {
    return (this.#jobs ??= new ControlledJobs(`${this.directory}/jobs.sock`));
  }

  /** One of fjr's programs, or any other on the PATH, to its end. */
  async run(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Result> {
    return this.#spawn(program, args, options).ends(60);
  }

  start(program: string, args: readonly string[] = [], options: RunOptions = {}): Background {
    const process = this.#spawn(program, args, options);
    this.#processes.push(process);
    return process;
  }

  /** A crew in this test's own hands, once it is born. */
  async startCrew(args: readonly string[] = [], options: RunOptions = {}): Promise<Background> {
    const crew = this.start('fjr-worker', args, options);
    await crew.says('[fjr-worker] Started with ID ');
    return crew;
  }

  #spawn(
    program: string,
    args: readonly string[],
    { env = {}, cwd = this.directory }: RunOptions,
  ): Background {
    const own = fjrPrograms.includes(program);
    const argv = own ? [process.execPath, `${dist}/${program}.js`, ...args] : [program, ...args];
    return new Background([program, ...args].join(' '), argv, { env: { ...this.env, ...env }, cwd });
  }

  /** The same as a command line for a shell. */
  commandLine(program: string, ...args: string[]): string {
    return [process.execPath, `${dist}/${program}.js`, ...args].map((word) => `'${word}'`).join(' ');
  }

  async terminal(commandLine: string): Promise<Terminal> {
    const terminal = await Terminal.open(this, `scratch${this.#terminals.length}`, commandLine);
    this.#terminals.push(terminal);
    return terminal;
  }

  /** A PATH on which there is nothing but these programs. */
  pathWithOnly(...programs: string[]): string {
    const directory = mkdtempSync(`${this.directory}/bin-`);
    for (const program of programs) symlinkSync(onPath(program), `${directory}/${program}`);
    return directory;
  }

  /** A PATH with everything except these programs. */
  pathWithout(...programs: string[]): string {
    const directory = mkdtempSync(`${this.directory}/bin-`);
    const taken = new Set(programs);
    for (const from of (process.env['PATH'] ?? '').split(delimiter))
      for (const name of namesIn(from)) {
        if (!taken.has(name)) symlinkSync(`${from}/${name}`, `${directory}/${name}`);
        taken.add(name);
      }
    return directory;
  }

  /** How things stand, for the reader of a failed test. */
  describe(): string {
    const projects = namesIn(this.fjrHome).filter(
      (name) => !['jobqueue', 'workerqueue', 'jobpods'].includes(name),
    );
    const parts = [
      ...this.#processes.map(
        ({ name, stdout, stderr, exit }) =>
          `$ ${name}\n${stdout}${stderr}${exit === undefined ? 'still running' : JSON.stringify(exit)}`,
      ),
      ...projects.map((name) => {
        const project = this.project(name);
        const journal = project
          .journal()
          .slice(-40)
          .map((line) => JSON.stringify(line))
          .join('\n');
        return `project ${name}: ${JSON.stringify({ ...project.places(), pods: project.pods() }, undefined, 1)}\n${journal}`;
      }),
    ];
    return parts.join('\n\n');
  }

  /** Ends the test's own tools, and fails if anything of fjr's is left. */
  async dispose(failed: boolean, secondsToEnd = 10): Promise<void> {
    for (const terminal of this.#terminals) await terminal.close().catch(() => undefined);
    this.#jobs?.close();
    try {
      await this.#checkLeaks(failed ? 0 : secondsToEnd);
    } catch (error) {
      // What a failed test leaves behind is no news.
      if (!failed) throw error;
    } finally {
      for (const { pid } of await this.#leftProcesses()) signal(pid, 'SIGKILL');
      await waitUntil(
        'what was left is dead',
        () => this.#leftProcesses(),
        (left) => left.length === 0,
      );
      rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #checkLeaks(seconds: number): Promise<void> {
    const look = async (): Promise<unknown[]> => [...(await this.#leftProcesses()), ...this.#leftLocks()];
    await waitUntil('the test has left nothing behind', look, (left) => left.length === 0, seconds);
  }

  async #leftProcesses(): Promise<ProcessSeen[]> {
    return [...processesWith('FJR_HOME', this.fjrHome), ...(await this.#leftScreens())];
  }

  /** screen may be set-gid: then its environment is nobody's to read. */
  async #leftScreens(): Promise<ProcessSeen[]> {
    if (namesIn(`${this.directory}/screen`).length === 0) return [];
    const options = { env: { ...this.env, FJR_HOME: '' } };
    const listing = await promisify(execFile)('screen', ['-ls'], options).catch(
      (error: unknown) => error as { stdout: string },
    );
    return [...listing.stdout.matchAll(/^\s+(\d+)\.(\S+)\s+\((?:At|De)tached\)/gm)].map(([, pid, name]) => ({
      pid: Number(pid),
      command: `screen session ${name ?? ''}`,
    }));
  }

  #leftLocks(): string[] {
    return namesIn(this.fjrHome).flatMap((project) =>
      namesIn(`${this.fjrHome}/${project}`)
        .filter((name) => /\.lock(\.owner)?$/.test(name))
        .map((name) => `${project}/${name}`),
    );
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
