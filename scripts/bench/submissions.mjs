// What `fjr serve` takes to accept jobs for good: node scripts/bench/submissions.mjs [CLIENTS] [SECONDS] [key|plain] [fsync|no-fsync]
// Each client submits a job of a spec, waits for the answer, and submits the next. `key`: with an Idempotency-Key each.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

const [clients = 32, seconds = 10] = process.argv.slice(2, 4).map(Number);
const withKeys = process.argv.includes('key');
const home = mkdtempSync('/tmp/fjr-bench-');
const program = fileURLToPath(new URL('../../dist/fjr.js', import.meta.url));
mkdirSync(`${home}/default/jobspecs`, { recursive: true });
writeFileSync(
  `${home}/default/jobspecs/work.toml`,
  'Command = "/bin/true"\n[[Parameter]]\nName = "n"\nType = "int"\n',
);
const fsync = process.argv.includes('no-fsync') ? '--no-fsync' : '--fsync';
const server = spawn(process.execPath, [program, 'serve', '--port', '0', '--no-auth', fsync], {
  env: { ...process.env, FJR_HOME: home },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => resolve(/https?:\/\/\S+/.exec(String(text))?.[0]));
});
const agent = new Agent({ keepAlive: true, maxSockets: clients });
const submit = (n) =>
  new Promise((resolve, reject) => {
    const key = withKeys ? { 'Idempotency-Key': randomUUID() } : {};
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...key };
    const asked = request(`${url}/jobs/start`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(JSON.parse(text).created));
    });
    asked.on('error', reject);
    asked.end(`name=work&parameters=${encodeURIComponent(JSON.stringify({ n: String(n) }))}`);
  });

const latencies = [];
const numbers = new Set();
const begun = performance.now();
const isOver = () => performance.now() - begun > seconds * 1000;
await Promise.all(
  Array.from({ length: clients }, async () => {
    for (let n = 0; !isOver(); n++) {
      const asked = performance.now();
      numbers.add(await submit(n));
      latencies.push(performance.now() - asked);
    }
  }),
);
const took = (performance.now() - begun) / 1000;
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(share * (latencies.length - 1))].toFixed(0);
const [user, system] = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number);
console.log(
  `${clients} clients: ${(latencies.length / took).toFixed(0)} submissions/s, ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ` +
    `CPU of the server ${((user + system) / 100 / took).toFixed(2)}`,
);
const waiting = readdirSync(`${home}/default/jobqueue`).filter((name) => !name.startsWith('.')).length;
if (numbers.size !== latencies.length || waiting !== latencies.length)
  console.log(`wrong: ${latencies.length} were accepted, ${numbers.size} numbers, ${waiting} wait`);
agent.destroy();
server.kill('SIGTERM');
await new Promise((resolve) => {
  server.on('exit', resolve);
});
rmSync(home, { recursive: true });
