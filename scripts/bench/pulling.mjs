// Workers that ask `fjr serve` for jobs: node scripts/bench/pulling.mjs [WORKERS] [SECONDS]
// First all of them hold a job and say so every ten seconds, as DECODE's fetcher does; then it is measured how long a pull
// takes meanwhile. Then how soon a job that is submitted reaches a worker that waits.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [workers = 2000, seconds = 60] = process.argv.slice(2).map(Number);
/** Seconds between two pings of a worker. */
const keepAlive = 10;
const home = mkdtempSync('/tmp/fjr-bench-');
const env = { ...process.env, FJR_HOME: home };
const program = (name) => fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
const fjr = (...args) => execFileSync(process.execPath, [program('fjr'), ...args], { env, encoding: 'utf8' });
const worker = fjr('token', 'add', 'bench', '--scope', 'worker').trim().split(' ').at(-1);
const submitter = fjr('token', 'add', 'submitter', '--scope', 'submit').trim().split(' ').at(-1);
const server = spawn(process.execPath, [program('fjr'), 'serve', '--port', '0', '--no-fsync'], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = new URL(
  await new Promise((resolve) => {
    server.stdout.on('data', (text) => resolve(/https?:\/\/\S+/.exec(String(text))?.[0]));
  }),
);
const dispatcher = spawn(process.execPath, [program('fjr-dispatcher'), '--keep-running'], {
  env,
  stdio: 'ignore',
});
const agent = new Agent({ keepAlive: true, maxSockets: 512 });

function ask(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const asked = request(
      { method, path, headers, agent, host: url.hostname, port: url.port },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
const authorization = { authorization: `Bearer ${worker}` };
const job = JSON.stringify({
  job: {
    app: { cmd: ['true'] },
    handler: { image_url: 'x' },
    meta: { job_id: 1, date_created: '2026-01-01' },
    hardware: {},
  },
  paths_upload: { output: 'o', log: 'l', artifact: 'a' },
});
async function submit() {
  const { status } = await ask('POST', '/_jobs', { 'x-api-key': submitter }, job);
  if (status !== 201) throw new Error(`submission: ${status}`);
}
async function inTurns(count, width, action) {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) await action(next++);
    }),
  );
}
const usage = () => ({
  cpu:
    readFileSync(`/proc/${server.pid}/stat`, 'utf8')
      .split(' ')
      .slice(13, 15)
      .map(Number)
      .reduce((a, b) => a + b) * 10,
  rss: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024,
});
const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
const shown = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return `${sorted.length}: p50 ${share(sorted, 0.5).toFixed(1)} ms, p99 ${share(sorted, 0.99).toFixed(1)} ms`;
};

try {
  await inTurns(workers, 32, submit);
  const held = [];
  const began = performance.now();
  await inTurns(workers, 64, async () => {
    const { text } = await ask('GET', '/jobs?memory=1000&cpu_cores=1', authorization);
    held.push(...Object.keys(JSON.parse(text)));
  });
  console.log(
    `${held.length} jobs pulled by as many workers in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
  const before = usage();
  const pings = [];
  const pulls = [];
  let lost = 0;
  const until = performance.now() + seconds * 1000;
  const pinging = held.map(async (id, index) => {
    await sleep((index / held.length) * keepAlive * 1000);
    while (performance.now() < until) {
      const start = performance.now();
      const { status } = await ask('PUT', `/jobs/${id}/status?status=running`, authorization);
      pings.push(performance.now() - start);
      if (status !== 204) lost += 1;
      await sleep(keepAlive * 1000);
    }
  });
  const pulling = (async () => {
    while (performance.now() < until) {
      await submit();
      const start = performance.now();
      const { text } = await ask('GET', '/jobs?memory=1000&cpu_cores=1', authorization);
      pulls.push(performance.now() - start);
      for (const id of Object.keys(JSON.parse(text)))
        await ask('PUT', `/jobs/${id}/status?status=finished`, authorization);
      await sleep(50);
    }
  })();
  await Promise.all([...pinging, pulling]);
  const after = usage();
  console.log(`pings ${shown(pings)}; ${lost} of jobs that were lost`);
  console.log(`pulls ${shown(pulls)}`);
  console.log(
    `server: ${((after.cpu - before.cpu) / (seconds * 10)).toFixed(0)}% of a core, ${after.rss.toFixed(0)} MB`,
  );
  const waits = [];
  for (let n = 0; n < 50; n++) {
    const waiting = ask('GET', '/jobs?memory=1000&fjr=1&wait=30s&instance=w', authorization);
    await sleep(100);
    const start = performance.now();
    await submit();
    const { text } = await waiting;
    waits.push(performance.now() - start);
    for (const id of Object.keys(JSON.parse(text)))
      await ask('PUT', `/jobs/${id}/status?status=finished`, authorization);
  }
  console.log(`from a submission to a worker that waits ${shown(waits)}`);
} finally {
  dispatcher.kill();
  server.kill();
  agent.destroy();
  rmSync(home, { recursive: true, force: true });
}
