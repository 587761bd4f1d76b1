import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { makeBurner } from './burner.mjs';
import { fromNothing } from './files.mjs';
import { xargs } from './peers.mjs';
import { Project, jobFile } from './project.mjs';
import { startService } from './service.mjs';
import { atMost } from './sheet.mjs';
import { runTasks } from './tasks.mjs';

const cores = availableParallelism();
const jobsFor = (quick) => (quick ? 40 : 300);

export const real = {
  title: (quick) => `${jobsFor(quick)} jobs that take about 50 ms of CPU, as many workers as cores`,
  about: `Ideal is a plain shell loop on each core, the shorter of two at the ends of each round; the figures say how much
longer the others take, and are below 0 only when something else was busy during both loops.
\`fjr\` has a crew and a dispatcher that wait, and the clock runs from the first job file that is moved into
the queue until the last outcome is on disk. \`from nothing\` starts both within the clock, as in \`files\`;
\`fjr run\` is the whole command for a fan-out run of the same.`,
  rounds: { full: 3, quick: 1 },
  async round(bench, sheet) {
    const jobs = jobsFor(bench.quick);
    const executable = await makeBurner(bench, 50);
    const work = { jobs, workers: cores, executable };
    const sides = {
      before: () => loops(bench, work),
      fjr: () => dropped(bench, work),
      [`xargs -P${cores}`]: () => xargs.run(bench, { ...work, command: executable }),
      'fjr, from nothing': () => fromNothing(bench, work),
      'fjr run': () => runTasks(bench, { count: jobs, workers: cores, command: [executable] }),
      after: () => loops(bench, work),
    };
    const times = await bench.alternate(Object.entries(sides).map(([name, seconds]) => ({ name, seconds })));
    const { before, after, ...others } = Object.fromEntries(times);
    // Whatever else ran meanwhile makes it longer, never shorter.
    const ideal = Math.min(before, after);
    sheet.add('ideal', 's', ideal);
    for (const [name, time] of Object.entries(others))
      sheet.add(name, '% above ideal', (time / ideal - 1) * 100);
  },
  goals: (sheet) => [atMost(3, 'fjr above ideal', sheet.median('fjr'), '%')],
};

/** Seconds that the work takes by itself. */
async function loops(bench, { jobs, executable }) {
  const shares = Array.from({ length: cores }, (_, core) => Math.floor((jobs + core) / cores));
  const loop = (times) => [
    'sh',
    '-c',
    `i=0; while [ $i -lt ${times} ]; do ${executable} $i; i=$((i + 1)); done`,
  ];
  const start = performance.now();
  await Promise.all(shares.map((times) => bench.processes.time(loop(times))));
  return (performance.now() - start) / 1000;
}

/** Seconds, when programs wait for it. */
async function dropped(bench, { jobs, executable }) {
  const project = new Project(bench);
  const service = await startService(bench, project, [{ workers: cores }]);
  const drafts = join(project.directory, 'drafts');
  mkdirSync(drafts);
  for (let job = 1; job <= jobs; job++) writeFileSync(join(drafts, `job${job}.conf`), jobFile(executable));
  const start = Date.now();
  for (let job = 1; job <= jobs; job++)
    renameSync(join(drafts, `job${job}.conf`), project.path('jobqueue', `job${job}.conf`));
  await bench.processes.until('all are done', () => project.names('done').length === jobs, {
    every: 100,
    seconds: 600,
  });
  const { last } = project.span();
  await service.stop();
  project.remove();
  return (last - start) / 1000;
}
