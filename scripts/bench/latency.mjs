import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeBurner } from './burner.mjs';
import { endTsp, freshDirectory, tspServer } from './peers.mjs';
import { Project } from './project.mjs';
import { startService } from './service.mjs';
import { atMost, median, percentile } from './sheet.mjs';

const moved = 'moved in, idle';
const loaded = 'moved in, full load';

export const latency = {
  title: () => 'from a job file’s appearance until its process runs',
  about: `With 8 idle workers: a file that is moved into the queue, one that is written there (which is left alone for 10 ms,
in case more is to come), and \`fjr submit\`, tsp and nq from their call on.
Full load: twice as many workers as cores are busy with jobs of 50 ms of CPU, of which thousands wait; one more
worker is kept free of them by a label, as for urgent jobs. The watched job has a higher priority, and competes
for the cores with all the others, which are as nice as fjr makes jobs by default. \`by itself\` is the same program
under the same load, just as nice, and started by a shell at once: what the kernel's scheduler takes.`,
  rounds: { full: 1, quick: 1 },
  async round(bench, sheet) {
    const samples = bench.quick ? 30 : 300;
    await whenIdle(bench, sheet, samples);
    await peers(bench, sheet, samples);
    await underLoad(bench, sheet, samples);
  },
  goals: (sheet) =>
    [moved, loaded].flatMap((what) => [
      atMost(5, `${what}: median`, sheet.median(`${what}: median`), 'ms'),
      atMost(20, `${what}: p99`, sheet.median(`${what}: p99`), 'ms'),
    ]),
};

async function whenIdle(bench, sheet, samples) {
  const project = new Project(bench);
  const service = await startService(bench, project, [{ workers: 8 }]);
  await sample(bench, sheet, moved, samples, moveIn(project));
  await sample(bench, sheet, 'written, idle', samples, (name, script) =>
    writeFileSync(project.path('jobqueue', name), script, { mode: 0o700 }),
  );
  await sample(bench, sheet, 'fjr submit, idle', Math.ceil(samples / 10), (name, script) => {
    const file = join(bench.home, name);
    writeFileSync(file, script, { mode: 0o700 });
    return () => bench.processes.time(project.argv('fjr', 'submit', file));
  });
  await service.stop();
  project.remove();
}

async function peers(bench, sheet, samples) {
  const call = (argv, env) => (name, script) => {
    const file = join(freshDirectory(bench), name);
    writeFileSync(file, script, { mode: 0o700 });
    return () => bench.processes.time([...argv, file], { env });
  };
  if (!bench.missing.includes('tsp')) {
    const env = tspServer(freshDirectory(bench), 8);
    await sample(bench, sheet, 'tsp, idle', samples, call(['tsp', '-n'], env));
    await endTsp(bench, env);
  }
  if (!bench.missing.includes('nq'))
    await sample(bench, sheet, 'nq, idle', samples, call(['nq'], { NQDIR: freshDirectory(bench) }));
}

async function underLoad(bench, sheet, samples) {
  const project = new Project(bench);
  const busy = 2 * availableParallelism();
  const others = { labels: 'bulk', priority: -10, nice: 9 };
  project.fill(bench.quick ? 1000 : 5000, await makeBurner(bench, 50), others);
  project.age();
  const service = await startService(bench, project, [
    { workers: busy, args: ['--labels', 'bulk'] },
    { workers: 1 },
  ]);
  await sample(bench, sheet, loaded, samples, moveIn(project));
  await sample(bench, sheet, 'by itself, full load', samples, (name, script) => {
    const file = join(bench.home, name);
    writeFileSync(file, script, { mode: 0o700 });
    return () => bench.processes.time(['setsid', '--wait', 'sh', '-c', asNice, file]);
  });
  if (project.names('jobqueue').length < busy) throw new Error('the queue ran dry under full load');
  await service.stop();
  project.remove();
}

/** Makes a session, and then its process, as nice as fjr makes jobs by default. */
const asNice = 'echo 9 >/proc/self/autogroup; exec nice -n 9 "$0"';

/** Written elsewhere first, so that its appearance is one event. */
function moveIn(project) {
  return (name, script) => {
    const draft = join(project.directory, `.${name}`);
    writeFileSync(draft, script, { mode: 0o700 });
    return () => renameSync(draft, project.path('jobqueue', name));
  };
}

/** `prepare` makes the job ready and returns what lets it appear, or does that at once. */
async function sample(bench, sheet, what, samples, prepare) {
  const times = [];
  // The first ones find programs that have never done this.
  for (let index = -10; index < samples; index++) {
    const time = await measure(bench, `${what.replaceAll(/\W+/g, '-')}${index + 10}`, prepare);
    if (index >= 0) times.push(time);
    // Not in step with anything that happens at intervals.
    await pause(10 + Math.random() * 20);
  }
  sheet.add(`${what}: median`, 'ms', median(times));
  sheet.add(`${what}: p99`, 'ms', percentile(times, 0.99));
}

async function measure(bench, name, prepare) {
  const stamp = join(bench.home, `${name}.stamp`);
  const script = `#!/bin/bash\necho "$EPOCHREALTIME" >${stamp}\n`;
  let appeared = now();
  const appear = prepare(name, script);
  if (appear !== undefined) {
    appeared = now();
    await appear();
  }
  const read = () => {
    try {
      return readFileSync(stamp, 'latin1');
    } catch {
      return '';
    }
  };
  await bench.processes.until(`${name} has run`, () => read().endsWith('\n'), { every: 5 });
  return Number(read()) * 1000 - appeared;
}

/**
 * Milliseconds since 1970, and fractions of them, by the clock that the job reads. Node tells whole ones: at a tick the
 * rest is known. That clock may be set while this runs, so it is asked each time.
 */
function now() {
  const before = Date.now();
  let tick = before;
  while (tick === before) tick = Date.now();
  return tick;
}
