import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type Finding, findFaults, overlaps } from './checks.js';
import { type Cluster, checkout } from './cluster.js';
import { Diary } from './diary.js';
import { type Evidence, gather, leftIn, list } from './evidence.js';
import { Faults, type Hits } from './faults.js';
import { readSubmitted } from './ledger.js';
import { describeFault, makePlan } from './plan.js';
import { userProcesses } from './processes.js';
import { Staff, project } from './staff.js';
import { type Submission, type Wave, makeWaves } from './submissions.js';

export interface SeedOptions {
  readonly cluster: Cluster;
  /** The cluster's own directory. */
  readonly state: string;
  readonly seed: number;
  readonly jobs: number;
  /** Seconds in which faults begin and jobs come. */
  readonly seconds: number;
  readonly workers: number;
  readonly lease: number;
  /** Print what happens as it happens. */
  readonly aloud: boolean;
  /** Where the evidence of a seed that failed is kept. */
  readonly keep: string;
}

export interface SeedReport {
  readonly findings: readonly Finding[];
  readonly evidence: Evidence;
  readonly hits: Hits;
  /** In words and numbers, for one line. */
  readonly figures: Readonly<Record<string, number>>;
}

const items = ['a', 'b', 'c'];

/** One seed from an empty machine to an empty machine. */
export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const { cluster } = options;
  await cluster.up();
  try {
    return await new Seed(options).run();
  } finally {
    await cluster.down();
  }
}

class Seed {
  readonly #options: SeedOptions;
  readonly #cluster: Cluster;
  readonly #directory: string;
  readonly #project: string;
  readonly #diary: Diary;
  readonly #staff: Staff;

  constructor(options: SeedOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    // On the machine's own disk, which the hosts see, too: no fault reaches it.
    this.#directory = `${options.state}/chaos`;
    this.#project = `${this.#cluster.home}/.fjr/${project}`;
    for (const name of ['', 'ledger', 'items', 'jobs', 'logs']) makeShared(`${this.#directory}/${name}`);
    for (const name of ['chaos-job', 'chaos-submit'])
      copyFileSync(`${checkout}/test/chaos/${name}`, `${this.#directory}/${name}`);
    this.#diary = new Diary(`${this.#directory}/diary`, options.aloud);
    const { workers, lease } = options;
    this.#staff = new Staff(this.#cluster, this.#diary, { workers, lease, logs: `${this.#directory}/logs` });
  }

  async run(): Promise<SeedReport> {
    const watches = [
      setInterval(() => {
        this.#cluster.nudge();
      }, 1000),
      setInterval(() => {
        for (const words of this.#cluster.slow(40)) this.#diary.note(`this takes long: ${words}`);
      }, 20_000),
    ];
    try {
      return await this.#run();
    } finally {
      for (const watch of watches) clearInterval(watch);
    }
  }

  async #run(): Promise<SeedReport> {
    const { seed, seconds, lease, jobs } = this.#options;
    const { hosts, hasServer } = this.#cluster;
    const plan = makePlan({ seed, hosts, seconds, lease, hasServer });
    for (const fault of plan) this.#diary.note(`plan: ${describeFault(fault)}`);
    const program = `${this.#directory}/chaos-job`;
    const waves = makeWaves({ seed, hosts, jobs, seconds, program });
    await this.#furnish();
    this.#diary.begin();
    const faults = new Faults(this.#cluster, this.#staff, this.#diary);
    await Promise.all([faults.carryOut(plan), this.#submitAll(waves)]);
    this.#diary.note('the faults are over, and everything is submitted');
    await this.#settle();
    const processes = await this.#sendHome();
    const submissions = waves.flatMap((wave) => wave.submissions);
    const places = { project: this.#project, ledger: `${this.#directory}/ledger` };
    const evidence = gather(places, submissions, processes, [...this.#diary.outputs, ...this.#crewLogs()]);
    const findings = findFaults(evidence, items);
    if (findings.length > 0) this.#keep(findings);
    return { findings, evidence, hits: faults.hits, figures: figuresOf(evidence, faults.hits) };
  }

  /** Hosts, pool, crews and dispatchers. */
  async #furnish(): Promise<void> {
    const [first = ''] = this.#cluster.hosts;
    const { workers } = this.#options;
    const fjr = `node ${checkout}/dist/fjr.js --project ${project}`;
    const conf = this.#cluster.hosts
      .map((host) => `[${host}]\nname: ${host}\nworkers: ${workers}\n`)
      .join('\n');
    const script = `mkdir -p -m 700 ~/.fjr/${project} && cat >~/.fjr/${project}/remote.conf && ${fjr} pool add LICENCE ${items.join(' ')}`;
    const { code, output } = await this.#cluster.feed(first, conf, 'sh', '-c', script);
    if (code !== 0) throw new Error(`cannot set up the project: ${output}`);
    await this.#staff.hireAll(first);
    for (const host of this.#cluster.hosts) this.#staff.dispatch(host);
  }

  async #submitAll(waves: readonly Wave[]): Promise<void> {
    await Promise.all(
      waves.map(async ({ at, submissions }) => {
        await setTimeout(Math.max(0, (at - this.#diary.seconds) * 1000));
        for (const { id, content } of submissions) writeFileSync(`${this.#directory}/jobs/${id}`, content);
        const ready = this.#whatMayGo(submissions, waves);
        await Promise.all(batchesOf(ready).map((batch) => this.#submit(batch)));
      }),
    );
  }

  /**
   * A second job of a name only once the first was submitted: else that would replace it. And nobody waits for a job whose
   * submitter was killed before its turn: it would wait for ever.
   */
  #whatMayGo(submissions: readonly Submission[], waves: readonly Wave[]): Submission[] {
    const submitted = new Set(readSubmitted(`${this.#directory}/ledger`).map(({ id }) => id));
    const first = new Map<string, string>();
    for (const { name, id } of waves.flatMap((wave) => wave.submissions))
      if (!first.has(name)) first.set(name, id);
    return submissions.filter(
      ({ name, id, after }) =>
        (first.get(name) === id || submitted.has(first.get(name)!)) &&
        (after === undefined || submitted.has(first.get(after)!)),
    );
  }

  async #submit(batch: readonly Submission[]): Promise<void> {
    const [{ host, way } = { host: '', way: '' }] = batch;
    const lines = batch.map(({ id, name }) => `${id} ${name}\n`).join('');
    const program = `${this.#directory}/chaos-submit`;
    const { output } = await this.#cluster.feed(host, lines, program, way, `${checkout}/dist/fjr.js`);
    this.#diary.heard(`${way} on ${host}`, output);
  }

  /** Until nothing waits or runs, and no dead crew is left to bury. */
  async #settle(): Promise<void> {
    const { jobs, workers } = this.#options;
    const patience = 180 + jobs / workers / 4;
    const end = this.#diary.seconds + patience;
    for (let look = 0; this.#diary.seconds < end; look++) {
      const left = this.#unsettled();
      if (left.length === 0) {
        this.#diary.note('all is quiet');
        return;
      }
      if (look % 5 === 0) {
        this.#diary.note(`${left.length} left, such as ${left.slice(0, 3).join(' ')}`);
        await this.#staff.fillUp();
      }
      await setTimeout(1000);
    }
    this.#diary.note(`it does not settle in ${patience} s: ${this.#unsettled().join(' ')}`);
  }

  /** Everything in the project that will not stay. One idle crew on each host may, and its badges. */
  #unsettled(): string[] {
    const idle =
      /^(workerqueue\/|dispatcher\.lock|jobpods\/[^/.]+$|jobpods\/[^/.]+\/(crew\.json|heartbeat|running|items|[^/@]+\.\d+)$)/;
    const left = leftIn(this.#project);
    const pods = left.filter((path) => /^jobpods\/[^/.]+$/.test(path));
    return [
      ...left.filter((path) => !idle.test(path)),
      ...(pods.length > this.#cluster.hosts.length ? pods : []),
    ];
  }

  /** Everybody goes home; returns the processes that did not. */
  async #sendHome(): Promise<string[]> {
    const [first = ''] = this.#cluster.hosts;
    await this.#staff.stopDispatching();
    await this.#staff.fireAll(first);
    let left: string[] = [];
    for (let look = 0; look < 10; look++) {
      left = [];
      for (const host of this.#cluster.hosts)
        left.push(...(await userProcesses(this.#cluster, host)).map((line) => `${host}: ${line.trim()}`));
      if (left.length === 0) break;
      await setTimeout(1000);
    }
    return left;
  }

  #crewLogs(): string[] {
    return list(`${this.#directory}/logs`).map(
      (name) => `${name}: ${readText(`${this.#directory}/logs/${name}`)}`,
    );
  }

  /** The whole project and the ledger, for whoever looks for the cause. */
  #keep(findings: readonly Finding[]): void {
    const { keep } = this.#options;
    rmSync(keep, { recursive: true, force: true });
    cpSync(this.#project, `${keep}/project`, { recursive: true, verbatimSymlinks: true });
    cpSync(this.#directory, `${keep}/chaos`, { recursive: true });
    writeFileSync(`${keep}/findings`, `${findings.map((finding) => JSON.stringify(finding)).join('\n')}\n`);
  }
}

/** Whatever is written there is written by the hosts' user, too. */
function makeShared(directory: string): void {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o777);
}

/** What one host submits in one way. */
function batchesOf(submissions: readonly Submission[]): Submission[][] {
  const batches = new Map<string, Submission[]>();
  for (const submission of submissions) {
    const key = `${submission.host} ${submission.way}`;
    batches.set(key, [...(batches.get(key) ?? []), submission]);
  }
  return [...batches.values()];
}

function figuresOf(evidence: Evidence, hits: Hits): Record<string, number> {
  const { accepted, executions, journal, submitted } = evidence;
  const failed = accepted.filter(({ to }) => to === 'failed').length;
  const outcomes = new Map<string, number>();
  for (const { submission } of accepted)
    if (submission !== undefined) outcomes.set(submission.id, (outcomes.get(submission.id) ?? 0) + 1);
  const counted = new Set(accepted.map(({ token }) => token));
  return {
    submitted: submitted.filter(({ code }) => code === 0).length,
    unsure: submitted.filter(({ code }) => code !== 0).length,
    done: accepted.length - failed,
    failed,
    lost: submitted.filter(({ id, code }) => code === 0 && !outcomes.has(id)).length,
    doubled: [...outcomes.values()].filter((count) => count > 1).length,
    starts: executions.length,
    void: executions.filter(({ token }) => !counted.has(token)).length,
    overlaps: overlaps(evidence),
    fenced: journal.filter(({ event }) => event === 'fenced').length,
    ...hits,
  };
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
