// Whether a server stays as it is under mixed traffic: node scripts/bench/soak.mjs [SECONDS] [REQUESTS A SECOND] [JOBS]
// All that it answers is asked for: jobmgr's API, /v1, events, artifacts, and workers that pull jobs and bring them back;
// and a tenth is what hostile clients send. Prints memory and open files at the start, every minute and at the end, when
// nobody asks any more; then how long answers took. Fails if more files stay open than there were, but for journals.
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeFinishedJobs } from './finished-jobs.mjs';

const [seconds = 600, rate = 200, jobs = 10_000] = process.argv.slice(2).map(Number);
const home = mkdtempSync('/tmp/fjr-bench-');
const root = `${home}/default`;
makeFinishedJobs(root, jobs);
for (const directory of ['jobspecs', 'files']) mkdirSync(`${root}/${directory}`);
const leave = 'echo hello; echo content > "$JOBMGR_ARTIFACTS_DIR/a file.txt"';
writeFileSync(
  `${root}/jobspecs/leave.toml`,
  `Command = "/bin/sh"\nArguments = ["-c", ${JSON.stringify(leave)}]\n`,
);
writeFileSync(`${root}/files/input`, 'x'.repeat(100_000));

const env = { ...process.env, FJR_HOME: home };
const programOf = (name) => fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
const start = (name, ...args) =>
  spawn(process.execPath, [programOf(name), ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
const tokenFor = (name, scope) => {
  const args = [programOf('fjr'), 'token', 'add', name, '--scope', scope];
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' }).stdout.trim().split(' ').at(-1);
};
const [user, submitter] = [tokenFor('user', 'read,submit'), tokenFor('submitter', 'submit')];
const workers = ['one', 'two', 'three', 'four'].map((name) => tokenFor(name, 'worker'));
const server = start('fjr', 'serve', '--port', '0');
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => {
    const [found] = /https?:\/\/\S+/.exec(String(text)) ?? [];
    if (found !== undefined) resolve(found);
  });
});
const staff = [start('fjr-worker', '--workers', '2'), start('fjr-dispatcher', '--keep-running')];
for (const member of staff) member.stdout.resume();

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
/** Milliseconds until answers began, by what was asked for. */
const times = new Map();
const note = (name, begun) => {
  if (!times.has(name)) times.set(name, []);
  times.get(name).push(performance.now() - begun);
};
const random = (some) => some[Math.floor(Math.random() * some.length)];

/** What came back, or undefined. `route`: how it is counted. */
const ask = (method, path, { token = user, headers = {}, body, cutAfter, route } = {}) =>
  new Promise((resolve) => {
    const begun = performance.now();
    const authorization = token === '' ? {} : { Authorization: `Bearer ${token}` };
    const all = { ...authorization, ...headers };
    const asked = request(new URL(path, url), { method, headers: all, agent }, (response) => {
      const { statusCode: status, headers: got } = response;
      note(`${method} ${route ?? path.replace(/\?.*/, '')} ${status}`, begun);
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece));
      response.on('error', () => undefined).on('close', () => resolve({ status, headers: got, text }));
      if (cutAfter !== undefined) setTimeout(cutAfter).then(() => asked.destroy());
    });
    asked.on('error', () => resolve(undefined)).end(body);
  });

/** Bytes as they are; the connection is cut after a while, whatever comes. */
const raw = (name, text, cutAfter = 3000) =>
  new Promise((resolve) => {
    const begun = performance.now();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let status;
    socket.on('data', (bytes) => {
      if (status === undefined) note(`hostile: ${name} ${(status = String(bytes).slice(9, 12))}`, begun);
    });
    socket.on('error', () => undefined).on('close', resolve);
    setTimeout(cutAfter).then(() => socket.destroy());
  });

const json = { 'Content-Type': 'application/json' };
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const { jobs: some } = JSON.parse((await ask('GET', '/v1/jobs?limit=1000')).text);
const any = () => `/v1/jobs/${encodeURIComponent(random(some).id)}`;
const one = '/v1/jobs/{id}';
const numbers = [];
let names = 0;

const submitSpec = async () => {
  const answer = await ask('POST', '/jobs/start', { headers: form, body: 'name=leave&parameters=%7B%7D' });
  const { created } = JSON.parse(answer?.text ?? '{}');
  if (created !== undefined) numbers.push(created);
  if (numbers.length > 200) numbers.shift();
};
const fetchArtifact = async () => {
  const got = await ask('GET', `/jobs/get?id=${random(numbers) ?? 1}`);
  const [artifact] = JSON.parse(got?.text ?? '{}').artifacts ?? [];
  if (artifact === undefined) return;
  const found = await ask('GET', `/artifacts/download?id=${artifact.id}`);
  const link = found?.headers.location;
  if (link !== undefined) await ask('GET', link, { token: '', route: '/artifacts/file/{id}/{name}' });
};
const submitCancelRetry = async () => {
  const name = `file-${names++}.sh`;
  const headers = { 'Content-Type': 'text/plain', 'Idempotency-Key': name };
  await ask('POST', `/v1/jobs?name=${name}`, { headers, body: '#!/bin/sh\nsleep 1\n' });
  await ask('POST', `/v1/jobs/${name}/cancel`, { route: `${one}/cancel` });
  await ask('POST', `/v1/jobs/${name}/retry`, { route: `${one}/retry` });
};
const submitForWorkers = () => {
  const handler = { image_url: 'x', files_down: { in: 'input' }, files_up: { output: 'out' } };
  const meta = { job_id: 1, date_created: '2026-01-01T00:00:00' };
  const job = { app: { cmd: ['true'], env: null }, handler, meta, hardware: {} };
  const body = JSON.stringify({ job, paths_upload: { output: 'out', log: 'log', artifact: 'artifact' } });
  return ask('POST', '/_jobs', { token: '', headers: { ...json, 'x-api-key': submitter }, body });
};
const pull = async () => {
  const token = random(workers);
  const answer = await ask('GET', '/jobs?memory=1000', { token });
  for (const id of Object.keys(JSON.parse(answer?.text ?? '{}'))) {
    await ask('GET', '/files/input/download', { token });
    await ask('PUT', `/jobs/${id}/status?status=running`, { token, route: '/jobs/{id}/status' });
    const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    const body = `${part}${'y'.repeat(100_000)}\r\n--b--\r\n`;
    const upload = `/jobs/${id}/files/upload?type=output&base_path=out`;
    await ask('POST', upload, { token, headers, body, route: '/jobs/{id}/files/upload' });
    await ask('PUT', `/jobs/${id}/status?status=finished`, { token, route: '/jobs/{id}/status' });
  }
};

const head = (line, ...lines) =>
  `${[`${line} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: Bearer ${user}`, ...lines].join('\r\n')}\r\n\r\n`;
const deep = '['.repeat(50_000) + ']'.repeat(50_000);
const hostile = [
  () => raw('no HTTP', '\x16\x03\x01\x02\0\x01'),
  () => raw('a path that climbs', head('GET /v1/jobs/..%2f..%2fserver%2fkey/log', 'Connection: close')),
  () => raw('a file that climbs', head('GET /ui/..%2f..%2fpackage.json', 'Connection: close')),
  () => raw('headers of 20 KB', head('GET /', `X: ${'x'.repeat(20_000)}`)),
  () => raw('two lengths', head('POST /jobs/start', 'Content-Length: 1', 'Content-Length: 2')),
  () => raw('headers that do not end', 'GET / HTTP/1.1\r\nHost: x\r\n', 20_000),
  () =>
    raw(
      'a body that does not end',
      `${head('POST /v1/jobs?name=x.sh', 'Content-Type: text/plain', 'Content-Length: 100')}x`,
    ),
  () => raw('answers that nobody reads', head('GET /v1/jobs?limit=200').repeat(5), 500),
  () => ask('GET', '/v1/counts', { token: `fjr_nobody_${'A'.repeat(43)}`, route: '/v1/counts, wrong token' }),
  () => ask('POST', '/v1/jobs', { headers: json, body: `{"spec":${deep}}`, route: '/v1/jobs, deep' }),
  () =>
    ask('POST', '/_jobs', {
      token: '',
      headers: { 'x-api-key': submitter },
      body: deep,
      route: '/_jobs, deep',
    }),
  () => ask('GET', '/jobs/get?id=1', { headers: { Origin: 'http://evil.example' } }),
  () => ask('GET', '/v1/jobs/nobody'),
  () =>
    ask('PUT', '/jobs/nobody/status?status=finished', {
      token: random(workers),
      route: '/jobs/{id}/status, not its own',
    }),
];
/** How many of a hundred requests are of each kind. Some make more than one, and what begins late counts as well. */
const traffic = [
  [20, () => ask('GET', '/v1/jobs?limit=50')],
  [15, () => ask('GET', any(), { route: one })],
  [12, () => ask('GET', `${any()}/log?stream=err`, { route: `${one}/log` })],
  [8, () => ask('GET', '/v1/counts')],
  [5, () => ask('GET', '/v1/crews')],
  [4, () => ask('GET', '/v1/throughput')],
  [2, () => ask('GET', '/v1/pools')],
  [3, () => ask('GET', '/v1/metrics')],
  [2, () => ask('GET', '/v1/jobs?q=nowhere')],
  [2, () => ask('GET', '/ui/', { token: '' })],
  [1, () => ask('GET', '/openapi.json', { token: '' })],
  [3, () => ask('GET', '/v1/events', { cutAfter: 1000 })],
  [1, () => ask('GET', `${any()}/log?follow=1`, { route: `${one}/log?follow` })],
  [1, () => ask('GET', `/jobs/get?id=${random(numbers) ?? 1}&wait=1s`, { route: '/jobs/get?wait' })],
  [1, submitSpec],
  [5, fetchArtifact],
  [1, submitCancelRetry],
  [1, submitForWorkers],
  [3, pull],
  [10, () => random(hostile)()],
];
const deck = traffic.flatMap(([share, kind]) => Array.from({ length: share }, () => kind));

/** Journals stay open for their next line, as many as this. */
const journals = 64;
const openFiles = () => readdirSync(`/proc/${server.pid}/fd`).length;
/** What they are, without numbers. */
const kinds = () => {
  const counts = new Map();
  for (const fd of readdirSync(`/proc/${server.pid}/fd`)) {
    let kind = 'gone';
    try {
      kind = readlinkSync(`/proc/${server.pid}/fd/${fd}`).replaceAll(/\d+|@\w+/g, '#');
    } catch {
      // Closed meanwhile.
    }
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
};
const memory = () =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024);
const state = () => `${memory()} MB, ${openFiles()} open files`;

agent.destroy();
await setTimeout(1000);
const before = openFiles();
console.log(`at the start: ${state()}`);
const begun = performance.now();
const under = new Set();
let sent = 0;
let told = 60;
for (;;) {
  const now = (performance.now() - begun) / 1000;
  if (now >= seconds) break;
  for (; sent < now * rate; sent++) {
    const going = random(deck)().catch((error) => console.error(error));
    under.add(going);
    void going.then(() => under.delete(going));
  }
  if (now >= told) {
    console.log(`after ${told} s: ${state()}, ${sent} sent, ${under.size} under way`);
    told += 60;
  }
  await setTimeout(10);
}
console.log(`after ${seconds} s: ${state()}, ${sent} sent, ${under.size} under way`);
await Promise.race([Promise.all(under), setTimeout(60_000)]);
const unanswered = under.size;
agent.destroy();
for (let look = 0; openFiles() > before + journals && look < 300; look++) await setTimeout(100);
const left = openFiles() - before - journals;
console.log(`at the end: ${state()}${unanswered > 0 ? `, ${unanswered} without an answer` : ''}`);
if (left > 0) console.log(`${left} files are open that were not at the start: ${kinds()}`);
const tell = (name, some) => {
  some.sort((a, b) => a - b);
  const at = (share) => some[Math.floor(some.length * share)].toFixed(1);
  console.log(`${String(some.length).padStart(8)} ${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
};
tell('in all', [...times.values()].flat());
for (const [name, some] of [...times].sort()) tell(name, some);
const bad = [...times.keys()].filter((name) => / 5\d\d$/.test(name));
for (const member of [server, ...staff]) member.kill();
await Promise.all([server, ...staff].map((each) => new Promise((resolve) => each.once('exit', resolve))));
rmSync(home, { recursive: true });
if (left > 0 || unanswered > 0 || bad.length > 0) process.exitCode = 1;
