import fc from 'fast-check';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { FanOutPaths } from '../../src/queue/fan-out-paths.js';
import { makeCrewId } from '../../src/queue/layout.js';
import type { PrintedAt } from '../../src/queue/task-line.js';
import { MountedFiles } from '../../src/system/files.js';
import { CopyingDelivery, MovingDelivery } from '../../src/worker/delivery.js';
import { TaskOutput, type TaskScratch } from '../../src/worker/task-output.js';

const crew = makeCrewId('host', 'abcdefgh');
const deliveries = [
  { where: 'scratch files on the same filesystem', make: (files: MountedFiles) => new MovingDelivery(files) },
  {
    where: "scratch files on the host's own disk",
    make: (files: MountedFiles) => new CopyingDelivery(files),
  },
];

/** Tasks that print to the same scratch files, one after another. */
class Bench {
  readonly directory = mkdtempSync(`${tmpdir()}/fjr-output-`);
  readonly paths = new FanOutPaths(`${this.directory}/sweep.run`);
  readonly output: TaskOutput;

  constructor(make: (typeof deliveries)[number]['make'], cap: number) {
    mkdirSync(`${this.paths.directory}/output`, { recursive: true });
    const files = new MountedFiles({ shared: false, fsync: false });
    this.output = new TaskOutput(files, this.paths, crew, cap, make(files));
  }

  begin(task: number): Printing {
    return new Printing(this, task);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

class Printing {
  readonly task: number;
  readonly scratch: TaskScratch;
  readonly #bench: Bench;

  constructor(bench: Bench, task: number) {
    this.#bench = bench;
    this.task = task;
    const file = (stream: string): string => `${bench.directory}/0.${stream}`;
    const state = { exposed: false, delivered: new Map<string, number>(), cut: new Map<string, number>() };
    this.scratch = { out: file('out'), err: file('err'), ...state };
    for (const path of [this.scratch.out, this.scratch.err]) appendFileSync(path, '');
  }

  get followed(): string {
    return this.#bench.paths.outputOf(this.task, 'token', 'out');
  }

  /** A process goes on writing to the file that it has opened, wherever that is now. */
  print(text: string): void {
    const isMoved = this.scratch.exposed && !existsSync(this.scratch.out);
    appendFileSync(isMoved ? this.followed : this.scratch.out, text);
  }

  attend(): void {
    const { output } = this.#bench;
    if (this.scratch.exposed) output.attend(this.task, 'token', this.scratch);
    else output.expose(this.task, 'token', this.scratch);
  }

  keep(): PrintedAt | undefined {
    return this.#bench.output.keep(this.task, 'token', this.scratch).out;
  }

  /** What people are shown of what was kept. */
  read(kept: PrintedAt | undefined): string {
    if (kept === undefined) return '';
    if ('bytes' in kept) {
      expect(statSync(this.followed).size).toBe(kept.bytes);
      return readFileSync(this.followed, 'utf8');
    }
    const [offset, bytes] = kept;
    return readFileSync(this.#bench.paths.packOf(crew))
      .subarray(offset, offset + bytes)
      .toString('utf8');
  }
}

describe.each(deliveries)('with $where', ({ make }) => {
  test('What a task prints is kept byte by byte, whenever somebody follows it, and the next one begins with nothing', () => {
    const text = fc.tuple(fc.string(), fc.integer({ min: 0, max: 90_000 }), fc.boolean());
    const printed = text.map(([words, more, isMuch]) => words + (isMuch ? 'x'.repeat(more) : ''));
    const step = fc.oneof(fc.constant('look' as const), printed);
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 4 }), (tasks) => {
        const bench = new Bench(make, 2 ** 26);
        try {
          const kept = tasks.map((steps, index) => {
            const task = bench.begin(index);
            for (const one of steps)
              if (one === 'look') task.attend();
              else task.print(one);
            return { task, steps, at: task.keep() };
          });
          for (const { task, steps, at } of kept)
            expect(task.read(at)).toBe(steps.filter((one) => one !== 'look').join(''));
        } finally {
          bench.remove();
        }
      }),
      { numRuns: 60 },
    );
  });

  test('A running task can be followed: each look brings what it has printed by then', () => {
    const bench = new Bench(make, 2 ** 26);
    try {
      const task = bench.begin(0);
      task.print('one\n');
      task.attend();
      expect(readFileSync(task.followed, 'utf8')).toBe('one\n');
      task.print('two\n');
      task.attend();
      expect(readFileSync(task.followed, 'utf8')).toBe('one\ntwo\n');
    } finally {
      bench.remove();
    }
  });

  test('Of what is too much the beginning and the end are kept, while the task runs and after it', () => {
    const bench = new Bench(make, 1000);
    try {
      const task = bench.begin(0);
      task.attend();
      let most = 0;
      for (let piece = 0; piece < 50; piece++) {
        task.print(`${String(piece).padStart(9, '.')}\n`.repeat(50));
        task.attend();
        most = Math.max(most, statSync(task.followed).size);
      }
      expect(most).toBeLessThanOrEqual(2500);
      const text = task.read(task.keep());
      expect(text.startsWith('........0\n')).toBe(true);
      expect(text.endsWith('.......49\n')).toBe(true);
      expect(text).toMatch(/\n\[fjr: \d+ bytes left out here\]\n/);
      expect(text.length).toBeLessThan(1100);
    } finally {
      bench.remove();
    }
  });

  test('What is taken from the end of its errors is not kept, even if somebody was shown it', () => {
    const bench = new Bench(make, 2 ** 26);
    try {
      const task = bench.begin(0);
      appendFileSync(task.scratch.err, 'oh\nfjr-end 3\n');
      task.attend();
      expect(bench.output.takeEnd(0, 'token', task.scratch, /fjr-end (\d+)\n$/)?.[1]).toBe('3');
      const kept = bench.output.keep(0, 'token', task.scratch).err;
      expect(kept).toEqual({ bytes: 3 });
      expect(readFileSync(bench.paths.outputOf(0, 'token', 'err'), 'utf8')).toBe('oh\n');
    } finally {
      bench.remove();
    }
  });
});
