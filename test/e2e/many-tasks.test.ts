import { readFileSync, readdirSync, statSync } from 'node:fs';
import { expect } from 'vitest';
import type { Background } from '../rig/background.js';
import { outcomesOf, submitTasks } from '../rig/fan-out.js';
import { test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** A million takes a quarter of an hour: `FJR_TEST_TASKS=1000000`. */
const tasks = Number(process.env['FJR_TEST_TASKS'] ?? 20_000);
const seconds = 60 + tasks / 200;

function* inputs(): Generator<string> {
  for (let task = 0; task < tasks; task++) yield String(task);
}

/** The most memory that a process has had so far, in MB. */
function peakOf({ pid }: Background): number {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test(
  `${tasks} tasks have one outcome each, in a handful of files, though their dispatcher is killed three times`,
  async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'many.run', ':', inputs(), { command: { kind: 'argv', argv: ['true'] } });
    const queued = `${project.root}/jobqueue/many.run`;
    const ended = (): number => {
      try {
        const { done } = JSON.parse(readFileSync(`${queued}/progress.json`, 'utf8')) as { done: number };
        return done;
      } catch {
        // It is being rewritten, or has left the queue.
        return 0;
      }
    };
    await rig.startCrew(['--workers', '8']);
    for (const share of [0.1, 0.4, 0.7]) {
      const victim = rig.start('fjr-dispatcher', []);
      await waitUntil(`${share} of them are done`, ended, (done) => done >= tasks * share, seconds);
      victim.signal('SIGKILL');
      await victim.ends();
    }
    const dispatcher = rig.start('fjr-dispatcher', []);
    let peak = 0;
    await waitUntil(
      'the last dispatcher ends',
      () => {
        if (dispatcher.exit === undefined) peak = Math.max(peak, peakOf(dispatcher) || 0);
        return dispatcher.exit;
      },
      (exit) => exit !== undefined,
      seconds,
    );
    expect(dispatcher.exit?.code).toBe(0);
    const directory = `${project.root}/done/${project.entries('done')[0] ?? ''}`;
    const { accepted } = outcomesOf(directory);
    expect(accepted.size).toBe(tasks);
    expect([...accepted.values()].every((outcome) => outcome === 'done')).toBe(true);
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(`${directory}/${name}`))
      .filter((file) => file.isFile());
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    console.log(
      `${tasks} tasks: ${files.length} files, ${bytes} bytes, dispatcher at most ${Math.round(peak)} MB`,
    );
    // Seals of slices that were taken back are small files of their own.
    expect(files.length).toBeLessThan(20);
  },
  (seconds + 60) * 4000,
);
