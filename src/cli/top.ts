import pc from 'picocolors';
import { setTimeout } from 'node:timers/promises';
import type { Files } from '../system/files.js';
import { clock, filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { describeEnding, newestFailures } from './failures.js';
import type { Project } from './project.js';
import { duration, plural, printable, say } from './say.js';
import { type Standing, describeFanOut, standingOf } from './status.js';

/** Milliseconds between two pictures. */
const refresh = 1000;
/** Rates remembered: a minute of them. */
const remembered = 60;

/** `fjr top`: a picture of the project that renews itself until `q` or Ctrl-C; one picture where there is no terminal. */
export async function topCommand(project: Project): Promise<ExitCode> {
  const files = filesFor(project);
  const watch = new Rates();
  if (!process.stdout.isTTY) {
    say(picture(project, files, watch, 80, 1000).join('\n'));
    return exitCode.fine;
  }
  const screen = new Screen();
  try {
    while (!screen.left) {
      const { columns, rows } = process.stdout;
      screen.draw(picture(project, files, watch, columns, rows));
      await Promise.race([setTimeout(refresh), screen.untilLeft]);
    }
  } finally {
    screen.restore();
  }
  return exitCode.fine;
}

/** Jobs per second, from the growing counts. */
class Rates {
  readonly rates: number[] = [];
  #last: { at: number; ended: number } | undefined;

  add(ended: number): void {
    const at = clock.monotonic();
    if (this.#last !== undefined)
      this.rates.push(Math.max(0, ((ended - this.#last.ended) * 1000) / (at - this.#last.at)));
    if (this.rates.length > remembered) this.rates.shift();
    this.#last = { at, ended };
  }
}

function picture(project: Project, files: Files, watch: Rates, columns: number, rows: number): string[] {
  const standing = standingOf(project, files);
  watch.add(standing.done + standing.failed);
  const failures = newestFailures(project, files, 5);
  const head = headLines(project, standing, watch);
  const tail =
    failures.length === 0
      ? []
      : [
          '',
          pc.bold('newest failures'),
          ...failures.map((failure) => pc.red(printable(describeEnding(failure)))),
        ];
  const room = Math.max(3, rows - head.length - tail.length - 2);
  const workers = workerLines(standing);
  const shown =
    workers.length > room
      ? [...workers.slice(0, room - 1), pc.dim(`… and ${workers.length - room + 1} more`)]
      : workers;
  return [...head, '', ...shown, ...tail].map((line) => cut(line, columns));
}

function headLines({ name }: Project, standing: Standing, watch: Rates): string[] {
  const { waiting, assigned, running, done, failed, idle, crews } = standing;
  const workers = crews.reduce((sum, { file }) => sum + file.workers, 0);
  const rate =
    watch.rates.slice(-10).reduce((sum, value) => sum + value, 0) /
    Math.max(1, Math.min(10, watch.rates.length));
  const left = rate > 0 && waiting > 0 ? `  ${duration(waiting / rate)} left` : '';
  return [
    `${pc.bold(`fjr top · project ${name}`)}  ${new Date().toTimeString().slice(0, 8)}   ${pc.dim('q quits')}`,
    `jobs     ${pc.green(`${done} done`)}  ${failed > 0 ? pc.red(`${failed} failed`) : '0 failed'}  ${running + assigned} running  ${waiting} waiting`,
    `workers  ${workers} in ${plural(crews.length, 'crew')}, ${idle} idle`,
    ...standing.fanOuts.map((fanOut) => `fan-out  ${describeFanOut(fanOut)}`),
    `rate     ${rate.toFixed(1)}/s ${sparkline(watch.rates)}${left}`,
  ];
}

const bars = ' ▁▂▃▄▅▆▇█';

function sparkline(rates: readonly number[]): string {
  const most = Math.max(1e-9, ...rates);
  return rates
    .slice(-40)
    .map((rate) => bars[Math.round((8 * rate) / most)] ?? ' ')
    .join('');
}

function workerLines({ crews }: Standing): string[] {
  return crews.flatMap(({ crew, file, liveness, running, heartbeat }) => {
    const worker = new Map(
      Object.entries(heartbeat?.running ?? {}).map(([number, entry]) => [entry, number]),
    );
    const head = `${pc.bold(crew)}  ${running.length}/${file.workers} busy${liveness === 'dead' ? pc.red('  dead') : ''}`;
    return [
      head,
      ...running.map((entry) => `  ${(worker.get(entry) ?? '·').padStart(4)}  ${printable(entry)}`),
    ];
  });
}

/** What picocolors writes; it takes no room on the screen. */
const colour = new RegExp(`(${String.fromCharCode(27)}\\[\\d+m)`);
const ctrlC = 3;

/** A line no wider than the terminal; colours take no room. */
function cut(line: string, columns: number): string {
  let width = 0;
  let cutLine = '';
  for (const part of line.split(colour)) {
    if (part.startsWith('\u001b')) {
      cutLine += part;
      continue;
    }
    const room = Math.max(0, columns - 1 - width);
    cutLine += Array.from(part).slice(0, room).join('');
    width += Array.from(part).length;
  }
  return cutLine;
}

/** The terminal's other screen, so that what stood there before comes back. */
class Screen {
  left = false;
  readonly untilLeft: Promise<void>;

  constructor() {
    process.stdout.write('\u001b[?1049h\u001b[?25l');
    this.untilLeft = new Promise((resolve) => {
      const leave = (): void => {
        this.left = true;
        resolve();
      };
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
      if (!process.stdin.isTTY) return;
      process.stdin.setRawMode(true);
      process.stdin.resume();
      process.stdin.on('data', (keys: Buffer) => {
        if (keys.includes('q') || keys.includes(ctrlC)) leave();
      });
    });
  }

  draw(lines: readonly string[]): void {
    process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`);
  }

  restore(): void {
    process.stdout.write('\u001b[?25h\u001b[?1049l');
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  }
}
