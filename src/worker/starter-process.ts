/**
 * The starter where there is no Perl: the same program as starter.pl, which says what it does and why, at Node's price
 * for each process. A program of its own, with a small heap; it imports nothing of fjr.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants as access,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, setPriority, getPriority } from 'node:os';
import { getSystemErrorMap } from 'node:util';

type Why = 'own' | 'timeout' | 'stopped' | 'silence';

interface Job {
  readonly child: ChildProcess;
  readonly graceMs: number;
  deadline: number | undefined;
  killAt: number | undefined;
  why: Why;
  /** Its first process has ended; what that had started has the rest of the grace. */
  ended: string | undefined;
  /** What waits in its slot is not to run. */
  drop: boolean;
}

const jobs = new Map<string, Job>();
/** By slot, what is to run there next. */
const waiting = new Map<string, string[][]>();
/** By slot, what the tasks of a series have in common: niceness, grace, directory and variables. */
const series = new Map<string, { readonly common: readonly string[]; closing: boolean }>();
/** Slots whose job could not be started, which is about to be told; and whether what waits there is not to run. */
const failing = new Map<string, { drop: boolean }>();
let open = true;
let silenceAt: number | undefined;
let input: Buffer = Buffer.alloc(0);

/** Milliseconds since boot, suspended time included. */
function now(): number {
  try {
    return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000;
  } catch {
    return Date.now();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Nothing is left of it.
  }
}

/** One after another in each slot: the next starts at once when one ends, without asking the crew. */
function runNext(slot: string): void {
  const queue = waiting.get(slot) ?? [];
  while (!jobs.has(slot) && !failing.has(slot)) {
    const fields = queue.shift();
    if (fields === undefined) break;
    runJob(fields);
  }
  if (queue.length === 0) waiting.delete(slot);
  closeIfOver(slot);
}

/** Here a task is a process like any other, with a process group of its own. */
function taskFields([slot = '', timeout = '', out = '', err = '', ...rest]: string[]): string[] {
  const [nice = '0', grace = '0', cwd = '', ...env] = series.get(slot)?.common ?? [];
  const argc = Number(rest[0]);
  const argv = rest.slice(1, 1 + argc);
  return [slot, nice, timeout, grace, out, err, cwd, String(argc), ...argv, ...env, ...rest.slice(1 + argc)];
}

function closeIfOver(slot: string): void {
  if (series.get(slot)?.closing !== true || jobs.has(slot) || failing.has(slot) || waiting.has(slot)) return;
  series.delete(slot);
  say(`closed ${slot}`);
}

/** After the end of what runs there is told: ends are told in the order of the starts. */
function dropWaiting(slot: string): void {
  for (const [name = ''] of waiting.get(slot) ?? []) say(`dropped ${name}`);
  waiting.delete(slot);
  closeIfOver(slot);
}

function runJob(fields: string[]): void {
  const [slot = '', nice = '0', timeout = '', grace = '0', out = '', err = '', cwd = '', argc = '0'] = fields;
  if (silenceAt !== undefined && silenceAt <= now()) {
    say(`failed ${slot} the crew's heartbeat has stopped`);
    return;
  }
  const argv = fields.slice(8, 8 + Number(argc));
  const env = { ...process.env };
  for (const pair of fields.slice(8 + Number(argc)))
    env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
  const files: number[] = [];
  let doing = '';
  try {
    for (const path of [out, err]) {
      doing = `cannot open ${path}`;
      files.push(openSync(path, 'a', 0o600));
    }
    doing = `cannot enter ${cwd}`;
    if (cwd !== '') checkDirectory(cwd);
    const options = { detached: true, env, ...(cwd === '' ? {} : { cwd }) };
    doing = `cannot set nice ${nice}`;
    const child = withNiceness(Number(nice), () => {
      doing = `cannot run ${argv[0] ?? ''}`;
      return spawn(argv[0] ?? '', argv.slice(1), { ...options, stdio: ['ignore', ...files] });
    });
    watch(slot, child, Number(grace), timeout === '' ? undefined : now() + Number(timeout), doing);
  } catch (error) {
    fail(slot, doing, error);
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** A missing working directory would be reported as a missing program. */
function checkDirectory(path: string): void {
  if (!statSync(path).isDirectory())
    throw Object.assign(new Error(path), { errno: -constants.errno.ENOTDIR });
  accessSync(path, access.X_OK);
}

/** Nobody but root may become less nice again: so a job is made nicer from outside, and less nice by inheritance. */
function withNiceness(nice: number, start: () => ChildProcess): ChildProcess {
  const own = getPriority();
  const wanted = Math.min(19, Math.max(-20, own + nice));
  if (nice < 0) setPriority(wanted);
  try {
    const child = start();
    if (child.pid !== undefined) {
      if (nice > 0) setPriority(child.pid, wanted);
      if (nice !== 0) makeSessionNice(child.pid, wanted);
    }
    return child;
  } finally {
    if (nice < 0) setPriority(own);
  }
}

/** See `become_nice` in starter.pl. */
function makeSessionNice(pid: number, niceness: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // This kernel has no such thing, or was told too often.
  }
}

/** The same sentence that Perl's `$!` makes. */
function fail(slot: string, doing: string, error: unknown): void {
  const { errno, info } = error as { errno?: number; info?: { errno?: number } };
  const number = errno ?? info?.errno;
  const text = number === undefined ? String(error) : (getSystemErrorMap().get(number)?.[1] ?? String(error));
  say(`failed ${slot} ${`${doing}: ${text}`.replaceAll('\n', ' ')}`);
}

function watch(
  slot: string,
  child: ChildProcess,
  graceMs: number,
  deadline: number | undefined,
  doing: string,
): void {
  const job: Job = { child, graceMs, deadline, killAt: undefined, why: 'own', ended: undefined, drop: false };
  child.on('error', (error) => {
    const state = failing.get(slot);
    if (state === undefined) return;
    failing.delete(slot);
    fail(slot, doing, error);
    if (state.drop) dropWaiting(slot);
    else runNext(slot);
  });
  if (child.pid === undefined) {
    failing.set(slot, { drop: false });
    return;
  }
  jobs.set(slot, job);
  say(`started ${slot} ${child.pid}`);
  child.on('exit', (code, signal) => {
    job.ended = signal === null ? `exit ${code ?? 0}` : `signal ${constants.signals[signal]}`;
    if (job.killAt === undefined || job.killAt <= now() || !groupLives(child)) conclude(slot, job);
  });
}

/** What a job left behind ends with it. */
function conclude(slot: string, job: Job): void {
  jobs.delete(slot);
  killGroup(job.child, 'SIGKILL');
  say(`ended ${slot} ${job.ended ?? ''} ${job.why}`);
  if (job.drop) dropWaiting(slot);
  else runNext(slot);
  if (!open && jobs.size === 0) process.exit(0);
}

function groupLives({ pid }: ChildProcess): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 0);
  } catch {
    return false;
  }
}

function stop(job: Job, why: Why, graceMs: number): void {
  const killAt = now() + graceMs;
  // Told again: only the grace may become shorter.
  if (job.killAt !== undefined) {
    job.killAt = Math.min(job.killAt, killAt);
    return;
  }
  job.why = why;
  job.killAt = killAt;
  killGroup(job.child, 'SIGTERM');
  killGroup(job.child, 'SIGCONT');
}

function killAll(): void {
  for (const state of failing.values()) state.drop = true;
  for (const [slot, job] of jobs) {
    job.why = 'silence';
    job.drop = true;
    killGroup(job.child, 'SIGKILL');
    if (job.ended !== undefined) conclude(slot, job);
  }
}

function keepTime(): void {
  if (jobs.size === 0) return;
  const time = now();
  if (silenceAt !== undefined && silenceAt <= time) killAll();
  for (const [slot, job] of jobs) {
    if (job.ended !== undefined && ((job.killAt ?? 0) <= time || !groupLives(job.child))) conclude(slot, job);
    else if (job.killAt !== undefined && job.killAt <= time) killGroup(job.child, 'SIGKILL');
    else if (job.deadline !== undefined && job.deadline <= time) stop(job, 'timeout', job.graceMs);
  }
}

function obey([verb, ...fields]: string[]): void {
  const job = jobs.get(fields[0] ?? '');
  const [slot = ''] = fields;
  if (verb === 'run' || verb === 'task') {
    const run = verb === 'task' ? taskFields(fields) : fields;
    waiting.set(slot, [...(waiting.get(slot) ?? []), run]);
    runNext(slot);
  }
  if (verb === 'series') series.set(slot, { common: fields.slice(1), closing: false });
  const its = verb === 'close' ? series.get(slot) : undefined;
  if (its !== undefined) {
    its.closing = true;
    closeIfOver(slot);
  }
  if (verb === 'beat') silenceAt = now() + Number(fields[0]);
  const state = verb === 'stop' ? failing.get(fields[0] ?? '') : undefined;
  if (state !== undefined) state.drop = true;
  if (verb === 'stop' && job !== undefined) {
    job.drop = true;
    stop(job, 'stopped', Number(fields[1]));
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'] as const)
  process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);
process.stdin.on('data', (bytes: Buffer) => {
  input = Buffer.concat([input, bytes]);
  while (input.length >= 4 && input.length >= 4 + input.readUInt32BE()) {
    const end = 4 + input.readUInt32BE();
    obey(input.subarray(4, end).toString('utf8').split('\0'));
    input = input.subarray(end);
  }
});
process.stdin.on('end', () => {
  open = false;
  killAll();
  if (jobs.size === 0) process.exit(0);
});
setInterval(keepTime, 100);
