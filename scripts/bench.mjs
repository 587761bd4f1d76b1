// Measures fjr beside what a user would otherwise pick, alternating in one run: `npm run bench [-- --quick] [--json]`.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { root, setup } from './setup.mjs';

const quick = process.argv.includes('--quick');
const json = process.argv.includes('--json');
const only = process.argv.slice(2).filter((word) => !word.startsWith('--'));
await setup({ tests: true });

const home = mkdtempSync(join(tmpdir(), 'fjr-bench-'));
const env = { ...process.env, FJR_HOME: join(home, 'fjr') };
const results = {};

try {
  for (const [name, scenario] of Object.entries({ files, tasks, latency, memory, growth, operations }))
    if (only.length === 0 || only.includes(name)) {
      process.stderr.write(`bench: ${name}\n`);
      results[name] = await scenario();
    }
  if (json) console.log(JSON.stringify(results, undefined, 2));
  else
    for (const [name, rows] of Object.entries(results)) {
      console.log(`\n${name}`);
      console.table(rows);
    }
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** 2,000 job files that run `true`, 8 workers, from a full queue and idle workers to the last outcome on disk. */
async function files() {
  const jobs = quick ? 1000 : 2000;
  const rounds = quick ? 2 : 5;
  const rates = { fjr: [], 'xargs -P8 -n1': [], 'parallel -j8': [] };
  const list = join(home, 'list');
  writeFileSync(list, Array.from({ length: jobs }, (_, index) => `${index}\n`).join(''));
  for (let round = 0; round < rounds; round++) {
    rates.fjr.push(jobs / (await runFiles(jobs, 8)).seconds);
    rates['xargs -P8 -n1'].push(jobs / seconds('xargs', ['-a', list, '-P8', '-n1', 'true']));
    if (has('parallel')) rates['parallel -j8'].push(jobs / seconds('parallel', ['-j8', '-a', list, 'true']));
  }
  return table(rates, 'jobs/s');
}

/** One fan-out run of `true`, 8 workers: the whole command, from its start to its end. */
async function tasks() {
  const count = quick ? 5000 : 20_000;
  const rounds = quick ? 2 : 3;
  const rates = { fjr: [], 'xargs -P8 -n1': [], 'parallel -j8': [] };
  const list = join(home, 'tasks');
  const few = join(home, 'few');
  const lines = (length) => Array.from({ length }, (_, index) => `${index}\n`).join('');
  writeFileSync(list, lines(count));
  // Four times as slow: a quarter tells as much.
  writeFileSync(few, lines(count / 4));
  const file = join(home, 'fjr.yaml');
  writeFileSync(file, `command: [ 'true' ]\ninput: { range: 1..${count} }\nworkers: { local: 8 }\n`);
  for (let round = 0; round < rounds; round++) {
    const program = [join(root, 'dist/fjr.js'), '--project', `tasks-${round}`, 'run', file];
    rates.fjr.push(count / seconds(process.execPath, program));
    rates['xargs -P8 -n1'].push(count / seconds('xargs', ['-a', list, '-P8', '-n1', 'true']));
    if (has('parallel'))
      rates['parallel -j8'].push(count / 4 / seconds('parallel', ['-j8', '-a', few, 'true']));
  }
  return table(rates, 'tasks/s');
}

/** From a job file's appearance, by rename and by copy, to its first instruction, with idle workers. */
async function latency() {
  const samples = quick ? 50 : 100;
  const result = {};
  const crew = await startCrew(8);
  const dispatcher = program('fjr-dispatcher', ['--keep-running']);
  await wait(1000);
  for (const way of ['by rename', 'by writing in place']) {
    const times = [];
    for (let index = 0; index < samples; index++)
      times.push(await startTime(`${way.replaceAll(' ', '-')}-${index}`, way === 'by rename'));
    times.sort((a, b) => a - b);
    result[way] = {
      'median ms': round(times[samples >> 1]),
      'p99 ms': round(times[Math.ceil(samples * 0.99) - 1]),
    };
  }
  await end(dispatcher, 'SIGTERM');
  await end(crew, 'SIGTERM');
  return result;
}

async function startTime(name, byRename) {
  const queue = join(env.FJR_HOME, 'default/jobqueue');
  const stamp = join(home, `${name}.stamp`);
  const script = `#!/bin/bash\nprintf %s "$EPOCHREALTIME" > ${stamp}.new\nmv ${stamp}.new ${stamp}\n`;
  let appeared;
  if (byRename) {
    const draft = join(queue, `.${name}`);
    writeFileSync(draft, script, { mode: 0o700 });
    await wait(20);
    appeared = performance.timeOrigin + performance.now();
    renameSync(draft, join(queue, name));
  } else {
    appeared = performance.timeOrigin + performance.now();
    writeFileSync(join(queue, name), script, { mode: 0o700 });
  }
  while (!existsSync(stamp)) await wait(10);
  return Number(readFileSync(stamp, 'utf8')) * 1000 - appeared;
}

/** Resident memory of an idle crew, its starter included. */
async function memory() {
  const result = {};
  for (const workers of [1, 8, 64, 256]) {
    freshProject();
    const crew = await startCrew(workers);
    await wait(500);
    const starter = Number(
      readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && parentOf(pid) === crew.pid),
    );
    result[`${workers} workers`] = {
      'crew MB': round(residentMB(crew.pid)),
      'starter MB': round(residentMB(starter)),
    };
    await end(crew, 'SIGTERM');
  }
  return result;
}

/** What a job costs the dispatcher, as the queue grows. */
async function growth() {
  const result = {};
  for (const jobs of quick ? [1000, 10_000] : [1000, 10_000, 100_000]) {
    const { seconds: time, cpu, rss } = await runFiles(jobs, 8);
    result[`${jobs} queued`] = {
      'jobs/s': Math.round(jobs / time),
      'dispatcher CPU µs/job': Math.round((cpu * 1e6) / jobs),
      'dispatcher MB': round(rss),
    };
  }
  return result;
}

/** Renames, creations and removals per job, over all actors, as strace counts them. */
async function operations() {
  if (!has('strace')) return { skipped: { reason: 'strace is not installed' } };
  const jobs = 400;
  freshProject();
  const trace = join(home, 'trace');
  const calls = 'rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir';
  const tracer = (name) => ['strace', '-f', '-qq', '-e', `trace=${calls}`, '-o', `${trace}.${name}`];
  const crew = await startCrew(8, tracer('crew'));
  fillQueue(jobs);
  await wait(2100);
  const before = countLines(`${trace}.crew`);
  await exited(program('fjr-dispatcher', [], tracer('dispatcher')));
  await exited(crew);
  const count = countLines(`${trace}.crew`) - before + countLines(`${trace}.dispatcher`);
  return {
    'per job': {
      operations: round(count / jobs),
      jobs,
      counted: count,
      note: 'with birth and burial of the crew',
    },
  };
}

function countLines(file) {
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => line.includes(env.FJR_HOME) && !line.includes('= -1')).length;
}

async function runFiles(jobs, workers) {
  freshProject();
  const crew = await startCrew(workers);
  fillQueue(jobs);
  await wait(2100);
  const start = Date.now();
  const dispatcher = program('fjr-dispatcher', []);
  let cpu = 0;
  let rss = 0;
  const watching = setInterval(() => {
    try {
      cpu = cpuSeconds(dispatcher.pid);
      rss = Math.max(rss, residentMB(dispatcher.pid));
    } catch {
      // It has just ended.
    }
  }, 100);
  await exited(dispatcher);
  clearInterval(watching);
  await exited(crew);
  const done = readdirSync(join(env.FJR_HOME, 'default/done')).length;
  if (done !== jobs) throw new Error(`${done} of ${jobs} jobs are done`);
  return { seconds: (lastFinish() - start) / 1000, cpu, rss };
}

function lastFinish() {
  const journal = join(env.FJR_HOME, 'default/journal');
  let last = 0;
  for (const name of readdirSync(journal).filter((file) => file.endsWith('.jsonl')))
    for (const [, time] of readFileSync(join(journal, name), 'utf8').matchAll(
      /"event":"finish","to":"done","time":"([^"]+)"/g,
    ))
      last = Math.max(last, Date.parse(time));
  return last;
}

function freshProject() {
  rmSync(env.FJR_HOME, { recursive: true, force: true });
}

function fillQueue(jobs) {
  const queue = join(env.FJR_HOME, 'default/jobqueue');
  for (let index = 0; index < jobs; index++)
    writeFileSync(join(queue, `job${index}.conf`), '[fjr]\nexecutable: true\n');
}

async function startCrew(workers, prefix = []) {
  const crew = program('fjr-worker', ['--workers', String(workers)], prefix);
  const queue = join(env.FJR_HOME, 'default/workerqueue');
  while (!existsSync(queue) || readdirSync(queue).length < workers) await wait(20);
  return crew;
}

function program(name, args, prefix = []) {
  const [command, ...rest] = [...prefix, process.execPath, join(root, 'dist', `${name}.js`), ...args];
  return spawn(command, rest, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function exited(child) {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve));
}

async function end(child, signal) {
  child.kill(signal);
  await exited(child);
}

function seconds(command, args) {
  const start = performance.now();
  spawnSync(command, args, { stdio: 'ignore', env });
  return (performance.now() - start) / 1000;
}

function has(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function parentOf(pid) {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
  } catch {
    return 0;
  }
}

function residentMB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
}

function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Median, spread, and the ratio to fjr's median. */
function table(samples, unit) {
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  const fjr = median(samples.fjr);
  const rows = {};
  for (const [name, values] of Object.entries(samples))
    if (values.length > 0)
      rows[name] = {
        [`median ${unit}`]: Math.round(median(values)),
        min: Math.round(Math.min(...values)),
        max: Math.round(Math.max(...values)),
        'fjr is': `${(fjr / median(values)).toFixed(2)} x`,
      };
  return rows;
}

function round(number) {
  return Math.round(number * 100) / 100;
}
