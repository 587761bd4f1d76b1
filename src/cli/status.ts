import { isIgnored } from '../queue/entry-name.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import { type CrewReport, reportCrews } from '../recruiter/crews-here.js';
import { heartbeatAges, isStale } from '../recruiter/heartbeat-ages.js';
import type { Files } from '../system/files.js';
import { describeEnding, newestFailures } from './failures.js';
import { filesFor, thisHost } from './compose.js';
import { type FanOutStanding, fanOutsIn } from './fan-outs.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { crewJson } from './crew-json.js';
import { type Ages, describeLife, hostsOf, sayHost } from './list-crews.js';
import type { Project } from './project.js';
import { plural, printable, say, sayJson } from './say.js';

/** How a project stands, from listings alone: no job file is opened, however many there are. */
export interface Standing {
  readonly waiting: number;
  readonly assigned: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly idle: number;
  readonly crews: readonly CrewReport[];
  readonly fanOuts: readonly FanOutStanding[];
  readonly pools: readonly { readonly name: string; readonly free: number; readonly used: number }[];
}

export function standingOf({ layout }: Project, files: Files): Standing {
  const crews = reportCrews(files, thisHost(), layout);
  const pools = poolsOf(files, layout);
  const itemsOf = (pool: string): number => {
    const { free = 0, used = 0 } = pools.find(({ name }) => name === pool) ?? {};
    return free + used;
  };
  return {
    waiting: countNames(files, layout.jobqueue),
    assigned: crews.reduce((sum, crew) => sum + crew.assigned.length, 0),
    running: crews.reduce((sum, crew) => sum + crew.running.length, 0),
    done: countNames(files, layout.done),
    failed: countNames(files, layout.failed),
    idle: countNames(files, layout.workerqueue),
    crews,
    fanOuts: fanOutsIn(files, layout, itemsOf),
    pools,
  };
}

/** `sweep.run: 340 of 1000 tasks done (34%), 2 failed` */
export function describeFanOut({ name, tasks, done, failed }: FanOutStanding): string {
  const share = Math.floor((100 * (done + failed)) / Math.max(1, tasks));
  return `${printable(name)}: ${done} of ${plural(tasks, 'task')} done (${share}%), ${failed} failed`;
}

function countNames(files: Files, directory: string): number {
  let count = 0;
  for (const name of perform(files, list(directory)) ?? []) if (!isIgnored(name)) count += 1;
  return count;
}

export function poolsOf(files: Files, layout: Layout): Standing['pools'] {
  return (perform(files, list(layout.resources)) ?? [])
    .filter((name) => !name.startsWith('.'))
    .map((name) => {
      const names = perform(files, list(layout.pool(name))) ?? [];
      const locks = names.filter((item) => item.endsWith('.lock'));
      const locked = new Set(locks.map((lock) => lock.slice(0, -'.lock'.length)));
      const free = names.filter(
        (item) => !item.startsWith('.') && !item.endsWith('.lock') && !locked.has(item),
      ).length;
      return { name, free, used: locks.length };
    });
}

export async function sayStatus(project: Project, json: boolean): Promise<ExitCode> {
  const files = filesFor(project);
  const standing = standingOf(project, files);
  const failures = newestFailures(project, files, 5);
  const ages = heartbeatAges(files, project.layout, standing.crews);
  const hosts = await hostsOf(project, standing.crews);
  if (json) {
    const { crews, ...rest } = standing;
    const failuresJson = failures.map(({ entry, outcome, time }) => ({ entry, outcome, time }));
    sayJson({
      project: project.name,
      ...rest,
      crews: crews.map((crew) => crewJson(project, crew, ages.get(crew.crew))),
      hosts,
      failures: failuresJson,
    });
    return exitCode.fine;
  }
  const { waiting, assigned, running, done, failed, idle, crews, pools, fanOuts } = standing;
  const workers = crews.reduce((sum, { file }) => sum + file.workers, 0);
  say(`project "${project.name}" in ${project.layout.root}`);
  say(`  jobs     ${waiting} waiting, ${assigned + running} running, ${done} done, ${failed} failed`);
  say(`  workers  ${workers} in ${describeCrews(crews, ages)}, ${idle} idle`);
  for (const report of crews) {
    const { crew, file, running: busy } = report;
    const life = describeLife(report, ages.get(crew));
    say(
      `    ${crew}: ${plural(file.workers, 'worker')}, ${busy.length} busy${life === 'alive' ? '' : `, ${life}`}`,
    );
  }
  for (const host of hosts) sayHost(host, '    ');
  for (const fanOut of fanOuts) {
    say(`  fan-out  ${describeFanOut(fanOut)}`);
    const { limit } = fanOut;
    if (limit !== null && limit.items < workers)
      say(`    at once ${limit.items}: items of ${printable(limit.pool)}`);
  }
  for (const { name, free, used } of pools)
    say(`  pool     ${printable(name)}: ${free} free, ${used} in use`);
  if (failures.length > 0) say('  newest failures');
  for (const failure of failures) say(`    ${printable(describeEnding(failure))}`);
  return exitCode.fine;
}

/** `3 crews on 2 hosts, 1 stale`; of one host there is nothing to say. */
function describeCrews(crews: readonly CrewReport[], ages: Ages): string {
  const hosts = new Set(crews.map(({ file }) => file.host)).size;
  const stale = crews.filter((crew) => isStale(crew, ages.get(crew.crew))).length;
  return [
    `${plural(crews.length, 'crew')}${hosts > 1 ? ` on ${hosts} hosts` : ''}`,
    ...(stale > 0 ? [`${stale} stale`] : []),
  ].join(', ');
}
