// What staging costs a worker that shares nothing: node scripts/bench/staged.mjs [MB]
// One job with one input and one output of that size, through fjr serve on this host; beside it, the same file fetched and
// sent by curl from and to the same server. Memory: the worker's and the server's highest, beyond what they have at rest.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';

const [megabytes = 1024] = process.argv.slice(2).map(Number);
const directory = mkdtempSync('/var/tmp/fjr-bench-');
const env = { ...process.env, FJR_HOME: `${directory}/fjr`, CUDA_VISIBLE_DEVICES: '' };
const root = `${directory}/fjr/default`;
const work = `${directory}/work`;
const started = [];
const start = (program, ...args) => {
  const path = fileURLToPath(new URL(`../../dist/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  return child;
};
const says = async (child, pattern) => {
  let text = '';
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
      if (pattern.test(text)) resolve(pattern.exec(text)[0]);
    });
  });
};
const until = async (look) => {
  for (;;) {
    const seen = look();
    if (seen !== undefined) return seen;
    await setTimeout(5);
  }
};
const exists = (path) => {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
};
const memory = (pid, which) =>
  Number(new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const seconds = async (action) => {
  const from = performance.now();
  await action();
  return (performance.now() - from) / 1000;
};
/** Seconds of CPU that a process has had. */
const cpu = (pid) => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / 100;
};
const rate = (time) => `${time.toFixed(1)} s, ${Math.round(megabytes / time)} MB/s`;

try {
  mkdirSync(work, { recursive: true });
  execFileSync('dd', ['if=/dev/urandom', `of=${work}/big`, 'bs=1M', `count=${megabytes}`], {
    stdio: 'ignore',
  });
  const server = start('fjr', 'serve', '--port', '0', '--no-auth');
  const url = await says(server, /https?:\/\/[\w.:]+/);
  start('fjr-dispatcher', '--keep-running', '--interval', '0.1');
  const args = ['--no-container', '--cache', '0', '--path-base', `${directory}/base`];
  const worker = start('fjr-worker', '--api', url, ...args, '--timeout-status', '1');
  await says(worker, /Started with ID/);
  await setTimeout(500);
  const cpuAtRest = cpu(worker.pid);
  const rest = { worker: memory(worker.pid, 'VmRSS'), server: memory(server.pid, 'VmRSS') };
  const marks = { begun: `${directory}/begun`, ended: `${directory}/ended` };
  const job = (name, script, settings) => {
    writeFileSync(
      `${directory}/${name}`,
      `[fjr]\nexecutable: sh -c '${script}'\nworkdir: ${work}\n${settings}\n`,
    );
    const from = performance.now();
    execFileSync('cp', [`${directory}/${name}`, `${root}/jobqueue/${name}`]);
    return from;
  };
  job(
    'down.conf',
    `touch ${marks.begun}; until [ -e ${directory}/go ]; do sleep 0.02; done; cp big copy; touch ${marks.ended}`,
    'inputs: big\noutputs: copy',
  );
  const pulled = await until(() =>
    /Job down/.test(String(worker.stdout.read?.() ?? ''))
      ? performance.now()
      : exists(`${directory}/base/.fjr-worker/parts`) && partOf()
        ? performance.now()
        : undefined,
  );
  await until(() => exists(marks.begun));
  const down = (performance.now() - pulled) / 1000;
  const cpuDown = cpu(worker.pid) - cpuAtRest;
  writeFileSync(`${directory}/go`, '');
  await until(() => exists(marks.ended));
  const up = await seconds(async () =>
    until(() => (exists(`${work}/copy`) === megabytes * 2 ** 20 ? true : undefined)),
  );
  console.log(
    `down ${rate(down)}, ${cpuDown.toFixed(1)} s of CPU; up ${rate(up)}, ${(cpu(worker.pid) - cpuAtRest - cpuDown).toFixed(1)} s of CPU`,
  );
  for (const [name, { pid }] of Object.entries({ worker, server }))
    console.log(
      `${name}: ${Math.round(rest[name])} MB at rest, ${Math.round(memory(pid, 'VmHWM'))} MB at most`,
    );

  // curl, as a worker of its own that holds a job.
  worker.kill('SIGTERM');
  await new Promise((resolve) => worker.once('exit', resolve));
  job('curl.conf', 'true', 'inputs: big\noutputs: copy2');
  let pulledByCurl = {};
  while (Object.keys(pulledByCurl).length === 0)
    pulledByCurl = await (
      await fetch(`${url}/jobs?memory=1000&cpu_cores=1&wait=5s&fjr=1&instance=curl`)
    ).json();
  const [[id, specs]] = Object.entries(pulledByCurl);
  const file = encodeURIComponent(specs.handler.files_down.big);
  const curl = (...words) => {
    const line = ['TIMEFORMAT="%R %U %S"; time "$@" >/dev/null', 'curl', 'curl', '-sS', '--fail', ...words];
    const { stderr } = spawnSync('bash', ['-c', ...line], { encoding: 'utf8' });
    const [time, user, system] = stderr.trim().split(' ').map(Number);
    return `${rate(time)}, ${(user + system).toFixed(1)} s of CPU`;
  };
  const curlDown = curl('-o', `${directory}/fetched`, `${url}/files/${file}/download`);
  const upload = `${url}/jobs/${encodeURIComponent(id)}/files/upload?type=output`;
  const curlUp = curl('-F', `file=@${directory}/fetched;filename=copy2`, upload);
  console.log(`curl: down ${curlDown}; up ${curlUp}`);
} finally {
  const gone = started.map(
    (child) => child.exitCode === null && new Promise((resolve) => child.once('exit', resolve)),
  );
  for (const child of started) child.kill('SIGTERM');
  await Promise.all(gone);
  rmSync(directory, { recursive: true, force: true });
}

function partOf() {
  try {
    return execFileSync('ls', [`${directory}/base/.fjr-worker/parts`], { encoding: 'utf8' }).trim() !== '';
  } catch {
    return false;
  }
}
