import { writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { parallel, xargs } from './peers.mjs';
import { Project } from './project.mjs';
import { atLeast } from './sheet.mjs';

const workers = 8;
const tasksFor = (quick) => (quick ? 3000 : 50_000);

export const tasks = {
  title: (quick) =>
    `a fan-out run of ${tasksFor(quick).toLocaleString('en')} \`true\`, 8 workers, the whole command from its start to its end`,
  about: `\`fjr run fjr.yaml\` hires, runs all tasks and fires. Peers read their inputs from a list, which is written
within their time as fjr.yaml is within fjr's. GNU parallel gets a tenth of the tasks, for it takes as long.`,
  rounds: { full: 3, quick: 1 },
  subject: 'fjr run',
  async round(bench, sheet) {
    const count = tasksFor(bench.quick);
    const peer = (of, jobs) => ({
      name: of.name(workers),
      command: of.command,
      jobs,
      seconds: () => of.run(bench, { jobs, workers, command: 'true' }),
    });
    const fjr = { name: 'fjr run', jobs: count, seconds: () => runTasks(bench, { count, workers }) };
    const sides = [fjr, peer(xargs, count), peer(parallel, count / 10)];
    for (const [name, seconds] of await bench.alternate(sides))
      sheet.add(name, 'tasks/s', sides.find((side) => side.name === name).jobs / seconds);
  },
  goals: (sheet) => [
    atLeast(1.2, 'fjr run / xargs -P8 -n1', sheet.ratio('fjr run', xargs.name(workers)), '×'),
  ],
};

/** Seconds. */
export async function runTasks(bench, { count, workers, command = ['true'] }) {
  const start = performance.now();
  const project = new Project(bench);
  const file = writeFanOut(project, { count, command, rest: `workers: { local: ${workers} }` });
  await bench.processes.time(project.argv('fjr', 'run', file));
  const seconds = (performance.now() - start) / 1000;
  project.checkDone(1);
  project.remove();
  return seconds;
}

/** As nice as the peers' processes, as job files are. */
export function writeFanOut(project, { count, command = ['true'], rest = '' }) {
  const file = join(project.directory, 'fjr.yaml');
  const lines = [
    `command: ${JSON.stringify(command)}`,
    `input: { range: 1..${count} }`,
    `nice: ${getPriority()}`,
    rest,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
