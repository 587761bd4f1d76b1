import { childrenOf, memoryOf } from './proc.mjs';
import { Project } from './project.mjs';
import { atMost } from './sheet.mjs';

const crews = [1, 8, 64, 256];
const crewOf = (workers) => `crew of ${workers}: all its processes, RSS`;
const busyDispatcher = 'dispatcher: peak';

const jobsFor = (quick) => (quick ? 3000 : 100_000);

export const memory = {
  title: (quick) =>
    `megabytes of idle crews, and of programs that see ${jobsFor(quick).toLocaleString('en')} job files`,
  about: `A crew is its own process and that which starts its jobs. RSS is what is resident; PSS divides what is shared with
others among them. Of the dispatcher, \`fjr status\` and one picture of \`fjr top\` it is the most that they ever
had; the dispatcher has found all job files and worked for a while.`,
  rounds: { full: 1, quick: 1 },
  async round(bench, sheet) {
    for (const workers of crews) await measureCrew(bench, sheet, workers);
    await measureQueue(bench, sheet, jobsFor(bench.quick));
  },
  goals: (sheet) => [
    atMost(200, crewOf(256), sheet.median(crewOf(256)), 'MB'),
    atMost(150, busyDispatcher, sheet.median(busyDispatcher), 'MB'),
  ],
};

async function measureCrew(bench, sheet, workers) {
  const project = new Project(bench);
  const crew = project.startCrew(workers);
  await project.idle(workers);
  const all = [crew.pid, ...descendantsOf(crew.pid)].map(memoryOf);
  const sum = (kind) => all.reduce((total, process) => total + process[kind], 0);
  sheet.add(`crew of ${workers}: its own process, RSS`, 'MB', all[0].rss);
  sheet.add(`crew of ${workers}: its starter, RSS`, 'MB', sum('rss') - all[0].rss);
  sheet.add(crewOf(workers), 'MB', sum('rss'));
  sheet.add(`crew of ${workers}: all its processes, PSS`, 'MB', sum('pss'));
  await bench.processes.stop(crew);
  project.remove();
}

async function measureQueue(bench, sheet, jobs) {
  const project = new Project(bench);
  project.fill(jobs);
  project.age();
  for (const command of ['status', 'top']) {
    const program = project.start('fjr', [command]);
    await bench.processes.ends(program);
    sheet.add(`fjr ${command}: peak`, 'MB', project.used(program).peak);
  }
  const crew = project.startCrew(8);
  await project.idle(8);
  const dispatcher = project.start('fjr-dispatcher', ['--keep-running']);
  await bench.processes.until(
    'the dispatcher has worked for a while',
    () => project.names('done').length >= Math.min(3000, jobs),
    { every: 100, seconds: 300 },
  );
  sheet.add('dispatcher: RSS', 'MB', memoryOf(dispatcher.pid).rss);
  sheet.add(busyDispatcher, 'MB', memoryOf(dispatcher.pid).peak);
  await bench.processes.stop(dispatcher);
  await bench.processes.stop(crew);
  project.remove();
}

function descendantsOf(pid) {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}
