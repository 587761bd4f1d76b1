// What a user would otherwise pick. Each runs one command so many times, and returns the seconds from an empty
// directory to the last end, what it is told by included: a list for some, a call for each job for others.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const programs = [
  { command: 'xargs', package: 'findutils', use: 'as a peer' },
  { command: 'parallel', package: 'parallel', use: 'as a peer' },
  { command: 'tsp', package: 'task-spooler', use: 'as a peer' },
  { command: 'nq', package: 'nq', use: 'as a peer' },
];

/** For what is counted. */
const tools = [{ command: 'strace', package: 'strace', use: 'counting what sshfs asks its server' }];

export const xargs = {
  command: 'xargs',
  name: (workers) => `xargs -P${workers} -n1`,
  run: (bench, { jobs, workers, command }) => {
    const directory = freshDirectory(bench);
    return timed(async () =>
      bench.processes.time(['xargs', '-a', writeList(directory, jobs), `-P${workers}`, '-n1', command]),
    );
  },
};

export const parallel = {
  command: 'parallel',
  name: (workers) => `GNU parallel -j${workers}`,
  run: (bench, { jobs, workers, command }) => {
    const directory = freshDirectory(bench);
    return timed(async () =>
      bench.processes.time(
        ['parallel', '--will-cite', `-j${workers}`, '-a', writeList(directory, jobs), command],
        // It keeps files of its own.
        { env: { PARALLEL_HOME: directory } },
      ),
    );
  },
};

export const tsp = {
  command: 'tsp',
  name: (workers) => `tsp -S ${workers}`,
  async run(bench, { jobs, workers, command }) {
    const env = tspServer(freshDirectory(bench), workers);
    const seconds = await bench.processes.time(['sh', '-c', `${repeat(jobs, `tsp -n ${command}`)}; tsp -w`], {
      env,
    });
    await endTsp(bench, env);
    return seconds;
  },
};

/** One queue runs one job at a time: there are as many queues as workers. */
export const nq = {
  command: 'nq',
  name: (workers) => `nq, ${workers} queues`,
  run(bench, { jobs, workers, command }) {
    const directory = freshDirectory(bench);
    const script = `${repeat(jobs, `NQDIR=$((i % ${workers})) nq ${command}`)}
      i=0; while [ $i -lt ${workers} ]; do NQDIR=$i nq -w; i=$((i + 1)); done`;
    return bench.processes.time(['sh', '-c', script], { cwd: directory });
  },
};

/** The environment that leads to a server of its own. */
export function tspServer(directory, workers) {
  return { TS_SOCKET: join(directory, 'socket'), TS_SLOTS: String(workers) };
}

export function endTsp(bench, env) {
  return bench.processes.time(['tsp', '-K'], { env });
}

/** `list` of so many lines: what xargs and parallel are told by. */
function writeList(directory, jobs) {
  const list = join(directory, 'list');
  writeFileSync(list, Array.from({ length: jobs }, (_, job) => `${job + 1}\n`).join(''));
  return list;
}

function repeat(times, command) {
  return `i=0; while [ $i -lt ${times} ]; do ${command}; i=$((i + 1)); done >/dev/null`;
}

export function freshDirectory(bench) {
  mkdirSync(join(bench.home, 'peers'), { recursive: true });
  return mkdtempSync(join(bench.home, 'peers', 'p'));
}

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Installs those that are missing, where that needs no password. Returns the versions of all that are there. */
export function installPeers(provide) {
  const missing = provide([...programs, ...tools], 'so that it is left out').map(({ command }) => command);
  const there = programs.filter(({ command }) => !missing.includes(command));
  return { missing, versions: Object.fromEntries(there.map((peer) => [peer.command, versionOf(peer)])) };
}

/** Not all of them can tell their own. */
function versionOf(peer) {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Version}', peer.package], { encoding: 'utf8' });
  return query.status === 0 ? query.stdout : '(version unknown)';
}
