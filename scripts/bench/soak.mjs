// Whether a server stays as it is under mixed traffic: node scripts/bench/soak.mjs [SECONDS] [REQUESTS A SECOND] [JOBS]
// Prints its memory and open files every so often, and at the end how long answers took.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeFinishedJobs } from './finished-jobs.mjs';

const [seconds = 600, rate = 200, jobs = 10_000] = process.argv.slice(2).map(Number);
const home = mkdtempSync('/tmp/fjr-bench-');
const root = `${home}/default`;
makeFinishedJobs(root, jobs);
mkdirSync(`${root}/jobspecs`);
writeFileSync(`${root}/jobspecs/nothing.toml`, 'Command = "/bin/true"\n');
const start = (program, ...args) =>
  spawn(process.execPath, [fileURLToPath(new URL(`../../dist/${program}.js`, import.meta.url)), ...args], {
    env: { ...process.env, FJR_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
const server = start('fjr', 'serve', '--port', '0', '--no-auth');
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => resolve(/https?:\/\/\S+/.exec(String(text))?.[0]));
});
const staff = [start('fjr-worker', '--workers', '2'), start('fjr-dispatcher', '--keep-running')];
for (const member of staff) member.stdout.resume();

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const times = new Map();
const ask = (method, path, { type, body, cutAfter } = {}) =>
  new Promise((resolve) => {
    const begun = performance.now();
    const headers = type === undefined ? {} : { 'Content-Type': type };
    const asked = request(`${url}${path}`, { method, headers, agent }, (response) => {
      const name = `${method} ${path.replace(/\?.*/, '').replace(/sample-[^/]*/, '{id}')} ${response.statusCode}`;
      if (!times.has(name)) times.set(name, []);
      times.get(name).push(performance.now() - begun);
      response.resume().on('close', resolve);
      if (cutAfter !== undefined) setTimeout(cutAfter).then(() => asked.destroy());
    });
    asked.on('error', resolve).end(body);
  });
const { jobs: some } = await (await fetch(`${url}/v1/jobs?limit=1000`)).json();
const any = () => encodeURIComponent(some[Math.floor(Math.random() * some.length)].id);
const spec = JSON.stringify({ spec: 'nothing' });
const traffic = [
  [30, () => ask('GET', '/v1/jobs?limit=50')],
  [20, () => ask('GET', `/v1/jobs/${any()}`)],
  [15, () => ask('GET', `/v1/jobs/${any()}/log?stream=err`)],
  [10, () => ask('GET', '/v1/counts')],
  [5, () => ask('GET', '/v1/crews')],
  [5, () => ask('GET', '/v1/throughput')],
  [3, () => ask('GET', '/v1/metrics')],
  [3, () => ask('GET', '/v1/jobs?q=nowhere')],
  [3, () => ask('GET', '/v1/jobs/nobody')],
  [2, () => ask('GET', '/v1/events', { cutAfter: 500 })],
  [1, () => ask('GET', `/v1/jobs/${any()}/log?follow=1`)],
  [1, () => ask('POST', '/v1/jobs', { type: 'application/json', body: spec })],
  [1, () => ask('POST', '/v1/jobs', { type: 'application/json', body: '{"spec":' })],
  [1, () => ask('GET', '/jobs/get?id=1')],
];
const deck = traffic.flatMap(([share, one]) => Array.from({ length: share }, () => one));

const state = () => {
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
  return `${Math.round(memory)} MB, ${readdirSync(`/proc/${server.pid}/fd`).length} open files`;
};
const begun = performance.now();
let sent = 0;
let told = 0;
for (;;) {
  const now = (performance.now() - begun) / 1000;
  if (now >= seconds) break;
  for (; sent < now * rate; sent++) void deck[Math.floor(Math.random() * deck.length)]();
  if (now >= (told * seconds) / 10) {
    console.log(`after ${Math.round(now)} s: ${state()}, ${sent} requests`);
    told++;
  }
  await setTimeout(10);
}
await setTimeout(2000);
console.log(`at the end: ${state()}`);
const tell = (name, some) => {
  some.sort((a, b) => a - b);
  const at = (share) => some[Math.floor(some.length * share)].toFixed(1);
  console.log(`${String(some.length).padStart(8)} ${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
};
tell('in all', [...times.values()].flat());
for (const [name, some] of [...times].sort()) tell(name, some);
agent.destroy();
for (const one of [server, ...staff]) one.kill();
await Promise.all([server, ...staff].map((one) => new Promise((resolve) => one.once('exit', resolve))));
rmSync(home, { recursive: true });
