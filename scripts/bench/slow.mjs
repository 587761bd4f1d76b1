import { onCluster, whyNot } from './cluster.mjs';
import { jobFile, spanOf } from './project.mjs';
import { counters } from './round-trips.mjs';
import { atMost } from './sheet.mjs';
import { root } from '../setup.mjs';

const workers = 8;
/** Hosts of NFS are User-Mode Linux, where a process costs twenty times as much. */
const sizes = { 'sshfs-stale': { jobs: 5000, tasks: 50_000 }, nfs: { jobs: 300, tasks: 2000 } };
const filesystems = Object.keys(counters);
const trips = (filesystem, kind) => `${filesystem}: round trips per ${kind}`;
/** Where the project lies, as the file server sees it. */
const project = '/home/fjr/.fjr/default';

export const slow = {
  title: () =>
    `job files and tasks of \`true\`, 8 workers, over shared filesystems: ${filesystems
      .map((filesystem) => `${sizes[filesystem].jobs} and ${sizes[filesystem].tasks} over ${filesystem}`)
      .join(', ')}`,
  about: `Two hosts of scripts/cluster, a dispatcher on one and a crew on the other; jobs and run are queued on the file
server itself. Round trips are all that both hosts ask of the server from then until the last outcome is there: of NFS
the kernel's count of calls; of sshfs (which here believes for a minute what it saw once) the requests of sftp as strace
sees them, which takes time. Rates are those between the first outcome and the last. Needs root.`,
  rounds: { full: 1, quick: 0 },
  async round(bench, sheet) {
    for (const filesystem of filesystems) {
      const why = whyNot(filesystem) ?? withoutStrace(bench, filesystem);
      if (why === undefined)
        await onCluster(bench, filesystem, (cluster) => measure(cluster, filesystem, sheet));
      else sheet.skip(filesystem, why);
    }
  },
  goals: (sheet) =>
    filesystems.flatMap((filesystem) => [
      atMost(6, trips(filesystem, 'job file'), sheet.median(trips(filesystem, 'job file')), ''),
      atMost(0.05, trips(filesystem, 'task'), sheet.median(trips(filesystem, 'task')), ''),
    ]),
};

function withoutStrace({ missing }, filesystem) {
  return filesystem === 'sshfs-stale' && missing.includes('strace') ? 'strace is not installed' : undefined;
}

async function measure(cluster, filesystem, sheet) {
  await cluster.startProgram('h2', 'fjr-worker', '--workers', workers);
  await cluster.startProgram('h1', 'fjr-dispatcher', '--keep-running');
  const { jobs, tasks } = sizes[filesystem];
  const files = { kind: 'job file', size: jobs, ended: jobs, queue: queueJobs(jobs) };
  const run = { kind: 'task', size: tasks, ended: jobs + 1, queue: queueRun(tasks) };
  for (const work of [files, run]) await count(cluster, sheet, { filesystem, ...work });
}

function queueJobs(jobs) {
  const text = jobFile('true', { nice: 0 }).replaceAll('\n', '\\n');
  return `mkdir -p ~/drafts; for i in $(seq ${jobs}); do printf '${text}' >~/drafts/job$i.conf; done
    find ~/drafts -name "*.conf" -exec mv -t ${project}/jobqueue/ {} +`;
}

function queueRun(tasks) {
  return `printf 'command: ["true"]\\ninput: { range: 1..${tasks} }\\nfail_fast: true\\n' >~/fjr.yaml; node ${root}/dist/fjr.js submit ~/fjr.yaml`;
}

/** `ended`: as many entries are in done/ then. */
async function count(cluster, sheet, { filesystem, kind, size, ended, queue }) {
  const hosts = { dispatcher: 'h1', crew: 'h2' };
  const counting = {};
  for (const [who, host] of Object.entries(hosts)) counting[who] = await counters[filesystem](cluster, host);
  await cluster.on('fs', queue);
  await cluster.processes.until(
    `${ended} entries are in done/`,
    async () => {
      const seen = await cluster.look('fs', `cd ${project}; ls done | wc -l; ls failed | wc -l`);
      const [done = 0, failed = 0] = seen.split('\n').map(Number);
      if (failed > 0) throw new Error(`jobs have failed over ${filesystem}`);
      return done >= ended;
    },
    { every: 500, seconds: 900 },
  );
  let total = 0;
  for (const [who, stop] of Object.entries(counting)) {
    const counts = Object.entries(await stop()).sort(([, a], [, b]) => b - a);
    total += counts.reduce((sum, [, times]) => sum + times, 0);
    const each = counts
      .filter(([, times]) => times > 0)
      .map(([name, times]) => `${name} ${+(times / size).toPrecision(2)}`);
    sheet.note(`${trips(filesystem, kind)}, ${who}`, each.join(', '));
  }
  sheet.add(trips(filesystem, kind), '', total / size);
  const seconds = await secondsBetweenOutcomes(cluster, kind);
  sheet.add(`${filesystem}: ${kind}s`, '1/s', size / seconds);
}

async function secondsBetweenOutcomes(cluster, kind) {
  const files = kind === 'task' ? 'done/*.run/outcomes/*' : 'journal/*';
  const { first, last } = spanOf([await cluster.onAsRoot('fs', `cat ${project}/${files}`)]);
  return (last - first) / 1000;
}
