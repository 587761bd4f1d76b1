import { Project } from './project.mjs';
import { nq, parallel, tsp, xargs } from './peers.mjs';
import { atLeast } from './sheet.mjs';

const workers = 8;
const jobsFor = (quick) => (quick ? 1000 : 5000);

export const files = {
  title: (quick) =>
    `${jobsFor(quick).toLocaleString('en')} job files of \`true\`, 8 workers, from an empty directory to the last outcome on disk`,
  about: `The clock runs for all that its user waits for: a crew is started, meanwhile the job files are written one
after another, then the dispatcher is started. Peers likewise: the list is written and xargs or parallel
started; tsp and nq are called once for each job.`,
  rounds: { full: 5, quick: 1 },
  subject: 'fjr',
  async round(bench, sheet) {
    const jobs = jobsFor(bench.quick);
    const peers = [xargs, parallel, tsp, nq].map((peer) => ({
      name: peer.name(workers),
      command: peer.command,
      seconds: () => peer.run(bench, { jobs, workers, command: 'true' }),
    }));
    const fjr = { name: 'fjr', seconds: () => fromNothing(bench, { jobs, workers }) };
    for (const [name, seconds] of await bench.alternate([fjr, ...peers]))
      sheet.add(name, 'jobs/s', jobs / seconds);
  },
  goals: (sheet) => [
    atLeast(0.8, 'fjr / xargs -P8 -n1', sheet.ratio('fjr', xargs.name(workers)), '×'),
    atLeast(2, 'fjr / GNU parallel -j8', sheet.ratio('fjr', parallel.name(workers)), '×'),
  ],
};

/** Seconds, with nothing running at first. */
export async function fromNothing(bench, { jobs, workers, executable }) {
  const start = Date.now();
  const project = new Project(bench);
  const crew = project.startCrew(workers);
  project.fill(jobs, executable);
  await bench.processes.ends(project.start('fjr-dispatcher'));
  // It fires the crew, which is no outcome any more: the last one is in the journal.
  await bench.processes.ends(crew);
  project.checkDone(jobs);
  const { last } = project.span();
  project.remove();
  return (last - start) / 1000;
}
