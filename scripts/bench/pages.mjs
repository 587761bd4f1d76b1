// How long `fjr serve` takes for pages of jobs, over HTTP: node scripts/bench/pages.mjs [JOBS] [REQUESTS]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { makeFinishedJobs } from './finished-jobs.mjs';

const [jobs = 100_000, requests = 2000] = process.argv.slice(2).map(Number);
const home = mkdtempSync('/tmp/fjr-bench-');
makeFinishedJobs(`${home}/default`, jobs);
const program = fileURLToPath(new URL('../../dist/fjr.js', import.meta.url));
const server = spawn(process.execPath, [program, 'serve', '--port', '0', '--no-auth'], {
  env: { ...process.env, FJR_HOME: home },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => resolve(/https?:\/\/\S+/.exec(String(text))?.[0]));
});
const agent = new Agent({ keepAlive: true });
const ask = (path) =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    get(`${url}${path}`, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece));
      response.on('end', () => resolve({ ms: performance.now() - begun, json: JSON.parse(text) }));
    }).on('error', reject);
  });
console.log(`built after ${Math.round((await ask('/v1/counts')).ms)} ms`);

async function measure(what, pathOf) {
  const times = [];
  for (let n = 0; n < requests; n++) {
    const { ms, json } = await ask(pathOf());
    last = json;
    times.push(ms);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(1);
  console.log(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${times.at(-1).toFixed(1)} ms`);
}
let last = {};
const cursor = () => (typeof last.next === 'string' ? `&cursor=${last.next}` : '');
await measure('the first 100', () => '/v1/jobs?limit=100');
await measure('100, page after page', () => `/v1/jobs?limit=100${cursor()}`);
last = {};
await measure('100 of those that failed', () => `/v1/jobs?limit=100&state=failed${cursor()}`);
await measure('a search that finds nothing', () => '/v1/jobs?limit=100&q=nowhere');
const { json } = await ask('/v1/jobs?limit=1000&state=failed');
let next = 0;
await measure(
  'one job, with its tries',
  () => `/v1/jobs/${encodeURIComponent(json.jobs[next++ % json.jobs.length].id)}`,
);
console.log(`memory: ${/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]} kB`);
agent.destroy();
server.kill();
rmSync(home, { recursive: true });
