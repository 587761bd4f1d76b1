// How soon clients of `fjr serve` hear of a job's end: node scripts/bench/listeners.mjs [CLIENTS] [JOBS]
// From the moment in which a job's file appears among the finished to the moment in which a client has the event.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';

const [clients = 500, jobs = 100] = process.argv.slice(2).map(Number);
const home = mkdtempSync('/tmp/fjr-bench-');
const program = fileURLToPath(new URL('../../dist/fjr.js', import.meta.url));
const server = spawn(process.execPath, [program, 'serve', '--port', '0', '--no-auth'], {
  env: { ...process.env, FJR_HOME: home },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => resolve(/https?:\/\/\S+/.exec(String(text))?.[0]));
});
const root = `${home}/default`;
const ended = new Map();
const latencies = [];
let heard = () => undefined;

const listen = () =>
  new Promise((resolve) => {
    get(`${url}/v1/events?types=counts,job.done`, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop();
        resolve(response);
        for (const block of blocks) hear(block);
      });
    });
  });
function hear(block) {
  const [, id] = /^event: job\.done\ndata: \{"id":"([^"]+)"/m.exec(block) ?? [];
  if (id === undefined) return;
  latencies.push(performance.now() - ended.get(id));
  heard();
}

const responses = [];
for (let n = 0; n < clients; n++) responses.push(await listen());
const memory = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
const before = memory();
for (let n = 0; n < jobs; n++) {
  const id = `job${n}@${String(n).padStart(10, '0')}.conf`;
  const line = {
    ...{ event: 'finish', time: new Date().toISOString(), entry: id, worker: 1, to: 'done' },
    ...{ outcome: { kind: 'exit', code: 0 }, ms: 1, printed: [] },
  };
  writeFileSync(`${root}/jobpods/.bench`, '');
  appendFileSync(`${root}/journal/bench-00000000.jsonl`, `${JSON.stringify(line)}\n`);
  const all = new Promise((resolve) => {
    heard = () => latencies.length === (n + 1) * clients && resolve();
  });
  ended.set(id, performance.now());
  renameSync(`${root}/jobpods/.bench`, `${root}/done/${id}`);
  await all;
}
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(share * (latencies.length - 1))].toFixed(0);
console.log(`${clients} clients, ${jobs} jobs: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`);
console.log(`memory of the server: ${before.toFixed(0)} MB before, ${memory().toFixed(0)} MB after`);
for (const response of responses) response.destroy();
server.kill('SIGTERM');
await new Promise((resolve) => {
  server.on('exit', resolve);
});
rmSync(home, { recursive: true });
