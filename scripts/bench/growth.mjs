import { Project } from './project.mjs';
import { atMost } from './sheet.mjs';
import { writeFanOut } from './tasks.mjs';

const workers = 8;

export const growth = {
  title: () => 'what a job of `true` costs with so many queued, 8 workers',
  about: `The queue is full and the workers idle when the dispatcher starts, and all is worked off. CPU is the dispatcher's,
less what it takes with an empty queue; the rate is that between the first outcome and the last. Growth is the
most that any size costs beside any smaller one: small sizes alone would hide it, for a program that has just
started is slower. Job files up to 100,000, tasks of a fan-out run up to a million.`,
  rounds: { full: 1, quick: 1 },
  async round(bench, sheet) {
    const sizes = bench.quick
      ? { 'job files': [1000, 2000], tasks: [1000, 5000] }
      : { 'job files': [1000, 10_000, 100_000], tasks: [1000, 10_000, 100_000, 1_000_000] };
    const idle = await workOff(bench, { size: 0, fill: () => undefined });
    for (const [kind, counts] of Object.entries(sizes)) {
      const costs = { cpu: [], time: [] };
      for (const size of counts) {
        const { cpu, seconds, peak } = await workOff(bench, { size, fill: fillers[kind] });
        costs.cpu.push((cpu - idle.cpu) / size);
        costs.time.push(seconds / size);
        const what = `${size.toLocaleString('en')} ${kind}`;
        sheet.add(`${what}: dispatcher CPU`, 'µs each', costs.cpu.at(-1) * 1e6);
        sheet.add(`${what}: rate`, '1/s', size / seconds);
        sheet.add(`${what}: dispatcher peak`, 'MB', peak);
      }
      sheet.add(`${kind}: growth of CPU`, '×', worstGrowth(costs.cpu));
      sheet.add(`${kind}: growth of time`, '×', worstGrowth(costs.time));
    }
  },
  goals: (sheet) =>
    ['job files', 'tasks'].flatMap((kind) =>
      ['CPU', 'time'].map((of) =>
        atMost(1.3, `${kind}: growth of ${of}`, sheet.median(`${kind}: growth of ${of}`), '×'),
      ),
    ),
};

const fillers = {
  'job files': (_bench, project, size) => {
    project.fill(size);
    project.age();
  },
  tasks: async (bench, project, size) => {
    await bench.processes.time(project.argv('fjr', 'submit', writeFanOut(project, { count: size })));
  },
};

async function workOff(bench, { size, fill }) {
  const project = new Project(bench);
  const crew = project.startCrew(workers);
  await project.idle(workers);
  await fill(bench, project, size);
  const dispatcher = project.start('fjr-dispatcher');
  await bench.processes.ends(dispatcher);
  await bench.processes.ends(crew);
  if (project.names('jobqueue').length > 0 || project.names('failed').length > 0)
    throw new Error(`not all is done in ${project.directory}`);
  const { first, last } = project.span();
  const used = project.used(dispatcher);
  project.remove();
  return { ...used, seconds: (last - first) / 1000 };
}

/** Of costs in the order of size. */
function worstGrowth(costs) {
  return Math.max(...costs.slice(1).map((cost, index) => cost / Math.min(...costs.slice(0, index + 1))));
}
