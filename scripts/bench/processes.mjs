// Everything that a benchmark starts, and how all of it ends, whatever happens.
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { bears, processIds } from './proc.mjs';

export class Interrupted extends Error {}

/** Milliseconds that a process has to end by itself. */
const grace = 3000;

export class Processes {
  #alive = new Set();
  #interrupted = false;
  #env;
  #mark;

  /** All processes, and those that they start, bear the mark `NAME=value` in their environment. */
  constructor(env, mark) {
    const [name, value] = mark.split('=');
    this.#env = { ...process.env, ...env, [name]: value };
    this.#mark = mark;
  }

  /**
   * Starts a program in a process group of its own: Ctrl-C on the terminal is ours alone to deal with. `output: 'pipe'`
   * keeps what it prints; for programs that print much that would be work beside what is measured.
   */
  start(argv, { env = {}, cwd, output = 'ignore' } = {}) {
    this.#checkInterrupted();
    const [program, ...args] = argv;
    const stdio = ['ignore', output, 'pipe'];
    const child = spawn(program, args, { env: { ...this.#env, ...env }, cwd, stdio, detached: true });
    child.printed = '';
    child.complaints = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (child.printed += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (child.complaints += text));
    // Not when its output has ended: servers keep it open.
    child.over = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => {
        this.#alive.delete(child);
        resolve();
      });
    });
    child.over.catch(() => this.#alive.delete(child));
    this.#alive.add(child);
    return child;
  }

  /** Waits until a process has ended well. */
  async ends(child) {
    await child.over;
    this.#checkInterrupted();
    if (child.exitCode !== 0)
      throw new Error(
        `${child.spawnargs.join(' ')}: ended with ${child.exitCode ?? child.signalCode}\n${child.complaints}`,
      );
  }

  /** Runs a program to its end; returns the seconds that it took. */
  async time(argv, options) {
    const start = performance.now();
    await this.ends(this.start(argv, options));
    return (performance.now() - start) / 1000;
  }

  /** Ends a program of fjr's as its user would. */
  async stop(child) {
    child.kill('SIGTERM');
    await child.over;
    this.#checkInterrupted();
  }

  /** Ends a program and all that it has started. */
  async stopGroup(child) {
    signal(-child.pid, 'SIGTERM');
    await child.over;
    this.#checkInterrupted();
  }

  /** Runs a program to its end; returns what it printed. */
  async read(argv, options) {
    const child = this.start(argv, { ...options, output: 'pipe' });
    const complete = new Promise((resolve) => child.stdout.once('close', resolve));
    await this.ends(child);
    await complete;
    return child.printed;
  }

  async until(what, check, { every = 10, seconds = 120 } = {}) {
    const end = performance.now() + seconds * 1000;
    while (!(await check())) {
      this.#checkInterrupted();
      if (performance.now() > end) throw new Error(`waited ${seconds} s in vain until ${what}`);
      await pause(every);
    }
  }

  /** Whoever waits for a process hears of it, since all of them end now. */
  interrupt() {
    this.#interrupted = true;
    for (const { pid } of this.#alive) signal(-pid, 'SIGTERM');
  }

  /** Ends what is left: also what has left its process group, as servers do. */
  async endAll() {
    for (const { pid } of this.#alive) signal(-pid, 'SIGTERM');
    const end = performance.now() + grace;
    while (this.#left().length > 0 && performance.now() < end) await pause(50);
    // What one that is killed leaves behind is found at the next look.
    for (let look = 0; look < 100; look++) {
      const left = this.#left();
      if (left.length === 0) return;
      for (const pid of left) signal(pid, 'SIGKILL');
      await pause(50);
    }
  }

  #left() {
    return processIds().filter((pid) => pid !== process.pid && bears(pid, this.#mark));
  }

  #checkInterrupted() {
    if (this.#interrupted) throw new Interrupted('interrupted');
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
