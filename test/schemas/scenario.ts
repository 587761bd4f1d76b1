import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { controlledJob } from '../rig/controlled-job.js';
import type { Background } from '../rig/background.js';
import { isAlive, isStopped, signal } from '../rig/processes.js';
import { type ProjectFiles, ini } from '../rig/project-files.js';
import type { Rig } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** What a program printed with `--json`, and the schema that it must fit. */
export interface Report {
  readonly schema: string;
  readonly command: string;
  readonly value: unknown;
}

/** How each job ends, by its name; `held.conf` runs until the test says otherwise. */
export const jobs: Readonly<Record<string, string>> = {
  'done.conf': ini(`sh -c 'echo result; echo remark >&2'`),
  'exit.conf': ini(`sh -c 'echo sorry >&2; exit 3'`),
  'signal.conf': ini(`sh -c 'kill -SEGV $$'`),
  'timeout.conf': ini(`sh -c 'sleep 1000'`, { timeout: 0.2 }),
  'retried.conf': ini('false', { retries: 1, 'retry-delay': 0 }),
  'spawn-error.conf': ini('/no/such/program'),
  'dependent.conf': ini('true', { after: 'exit.conf' }),
  'waiting.conf': ini('true', { after: 'nobody.conf' }),
};

function manifest(operator: string, builder: string | undefined): string {
  const [count, shm] = operator === 'tf' ? ['count: 2', 1] : ['count: 2, completions: 3', 0];
  const rank = `{ ${count}, resources: { cpus: 1, ramRatio: 1, shmSizeGB: ${shm} } }`;
  return `kind: AIchorManifest
apiVersion: 0.2.1
${builder === undefined ? '' : `builder: ${builder}\n`}spec:
  operator: ${operator}
  image: it
  command: train
  labels: [fast]
  types: { Worker: ${rank} }
`;
}

/** The life of a small project, told by every report there is, in each state that a report can show. */
export class Scenario {
  readonly reports: Report[] = [];
  readonly #rig: Rig;
  readonly #project: ProjectFiles;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#project = rig.project();
  }

  async play(): Promise<void> {
    await this.#submit();
    await this.#addPools();
    await this.#checkFiles();
    await this.#manageTokens();
    const crew = await this.#hire();
    const dispatcher = this.#rig.start('fjr-dispatcher', ['--keep-running']);
    await this.#runAll();
    await this.#cancelRunning();
    await this.#cancelAssigned(crew, dispatcher);
    await this.#look();
    await this.#fire();
    await this.#loseCrew(dispatcher);
    await this.#askHosts();
    await this.#tidyUp();
  }

  /** Of one schema, in the order in which they were made. */
  of<T = unknown>(schema: string): T[] {
    return this.reports.filter((report) => report.schema === schema).map(({ value }) => value as T);
  }

  async #fjr(schema: string, args: readonly string[], code = 0): Promise<unknown> {
    return this.#report(schema, 'fjr', args, code);
  }

  async #recruiter(schema: string, args: readonly string[], code = 0): Promise<unknown> {
    return this.#report(schema, 'fjr-recruiter', args, code);
  }

  async #report(schema: string, program: string, args: readonly string[], code: number): Promise<unknown> {
    const command = [program, ...args].join(' ');
    const result = await this.#rig.run(program, ['--json', ...args]);
    // Hosts that fail are told aside, too.
    if (result.code !== code || (result.stderr !== '' && program === 'fjr'))
      throw new Error(`${command} ended with ${JSON.stringify(result)}`);
    const value: unknown = JSON.parse(result.stdout);
    this.reports.push({ schema, command, value });
    return value;
  }

  /** Before anybody works here. */
  async #submit(): Promise<void> {
    for (const [name, content] of Object.entries(jobs))
      writeFileSync(`${this.#rig.directory}/${name}`, content);
    await this.#fjr('submit', ['submit', ...Object.keys(jobs)]);
    await this.#fjr('submit', ['submit', '--name', 'withdrawn.sh', '--', 'echo', 'never']);
    await this.#fjr('show', ['show', 'withdrawn']);
    await this.#fjr('logs', ['logs', 'withdrawn']);
    await this.#fjr('status', ['status']);
    await this.#fjr('cancel', ['cancel', 'withdrawn']);
    await this.#fjr('cancel', ['cancel', 'withdrawn'], 3);
    await this.#recruiter('recruiter-list', ['list']);
    await this.#recruiter('recruiter-fire', ['fire']);
    await this.#fjr('doctor', ['doctor']);
    // `fjr submit` would turn it away.
    this.#project.submitOld('rejected.conf', ini('true', { timout: '5m' }));
  }

  async #addPools(): Promise<void> {
    await this.#fjr('pool-list', ['pool', 'list']);
    await this.#fjr('pool-add', ['pool', 'add', 'PROXY', 'plain', 'http://proxy:3128']);
    await this.#fjr('pool-add', ['pool', 'add', 'PROXY', 'plain', 'new']);
    await this.#fjr('pool-add', ['pool', 'add', 'LICENCE', 'one']);
  }

  /** A fan-out file, and manifests whose ranks are plain processes, have an image, and build one. */
  async #checkFiles(): Promise<void> {
    const { directory } = this.#rig;
    const write = (name: string, content: string): string => {
      writeFileSync(`${directory}/${name}`, content);
      return `${directory}/${name}`;
    };
    const columns = 'input: { product: { alpha: [0.1, 0.2], seed: { range: 1..2 } } }';
    const proxy = 'task_resources: [{ PROXY: { pool: PROXY } }]';
    const runs = write('fjr.yaml', `command: echo {}\n${columns}\n${proxy}\nworkers: { local: 2 }\n`);
    await this.#fjr('check', ['check', runs]);
    await this.#fjr('check', ['check', write('plain.yaml', 'command: echo {}\ninput: [a]\n')]);
    write('Dockerfile', 'FROM scratch\n');
    await this.#fjr('check', ['check', write('built.yaml', manifest('tf', '{ image: it, context: . }'))]);
    const given = write('given.yaml', manifest('jobset', undefined));
    await this.#fjr('check', ['check', given]);
    await this.#fjr('check', ['check', '--no-container', given]);
  }

  async #manageTokens(): Promise<void> {
    await this.#fjr('token-list', ['token', 'list']);
    await this.#fjr('token-add', ['token', 'add', 'alice', '--scope', 'read,submit']);
    await this.#fjr('token-add', ['token', 'add', 'bob', '--scope', 'worker,admin']);
    await this.#fjr('token-list', ['token', 'list']);
    await this.#fjr('token-revoke', ['token', 'revoke', 'alice']);
  }

  /** The process id of the crew. */
  async #hire(): Promise<number> {
    const hire = ['--multiplexer', 'none', '--gpus', '0', 'hire', '2'];
    const { hosts } = (await this.#recruiter('recruiter-hire', hire)) as {
      hosts: { crew: { pid: number } }[];
    };
    await this.#recruiter('recruiter-hire', hire);
    return hosts[0]!.crew.pid;
  }

  async #runAll(): Promise<void> {
    this.#project.submitOld('held.conf', controlledJob({ resources: 'PROXY*2' }));
    await this.#rig.jobs.started('held.conf');
    await this.#ended('done.conf', ...Object.keys(jobs).filter((name) => name !== 'waiting.conf'));
    await this.#ended('rejected.conf');
  }

  async #ended(...names: string[]): Promise<void> {
    await waitUntil(
      `${names.join(', ')} are over`,
      () => [...this.#project.jobs('done'), ...this.#project.jobs('failed')],
      (over) => names.every((name) => over.includes(name)),
    );
  }

  async #cancelRunning(): Promise<void> {
    this.#project.submitOld('stopped.conf', controlledJob());
    await (await this.#rig.jobs.started('stopped.conf')).print('half a result\n');
    await this.#fjr('show', ['show', 'stopped']);
    await this.#fjr('cancel', ['cancel', 'stopped']);
    await this.#ended('stopped.conf');
  }

  /** A crew that stands still starts nothing; a dispatcher that does takes nothing that is cancelled out of its way. */
  async #cancelAssigned(crew: number, dispatcher: Background): Promise<void> {
    await waitUntil(
      'a worker is free',
      () => this.#project.announced(),
      (badges) => badges.length === 1,
    );
    await this.#stop(crew);
    this.#project.submitOld('assigned.conf', ini('true'));
    const [pod = ''] = this.#project.pods();
    await waitUntil(
      'the job is assigned',
      () => readdirSync(`${this.#project.root}/jobpods/${pod}`),
      (names) => names.some((name) => name.startsWith('assigned@')),
    );
    await this.#stop(dispatcher.pid);
    await this.#fjr('status', ['status']);
    await this.#fjr('show', ['show', 'assigned']);
    await this.#recruiter('recruiter-list', ['list']);
    await this.#fjr('cancel', ['cancel', 'assigned']);
    for (const pid of [crew, dispatcher.pid]) signal(pid, 'SIGCONT');
  }

  async #stop(pid: number): Promise<void> {
    signal(pid, 'SIGSTOP');
    await waitUntil(
      `process ${pid} stands still`,
      () => isStopped(pid),
      (stopped) => stopped,
    );
  }

  /** While one runs, one waits, and the others have ended in each way. */
  async #look(): Promise<void> {
    await this.#fjr('status', ['status']);
    await this.#fjr('pool-list', ['pool', 'list']);
    for (const name of [...Object.keys(jobs), 'rejected', 'stopped', 'withdrawn', 'held']) {
      await this.#fjr('show', ['show', name]);
      await this.#fjr('logs', ['logs', name]);
    }
  }

  /** The crew goes in order, and gives back what it runs. */
  async #fire(): Promise<void> {
    await this.#recruiter('recruiter-fire', ['fire']);
    await this.#fjr('show', ['show', 'held']);
  }

  async #loseCrew(dispatcher: Background): Promise<void> {
    const crew = await this.#hire();
    const { pid } = await this.#rig.jobs.started('held.conf', 2);
    // It would take away at once what is left of the crew.
    await dispatcher.stop();
    signal(crew, 'SIGKILL');
    await waitUntil(
      'the crew and its job are dead',
      () => [crew, pid].filter(isAlive),
      (alive) => alive.length === 0,
    );
    this.#pretendAnotherHost();
    await this.#recruiter('recruiter-list', ['list']);
    await this.#fjr('status', ['status']);
    await this.#fjr('doctor', ['doctor'], 3);
    await this.#recruiter('recruiter-fire', ['fire']);
    rmSync(`${this.#project.root}/jobpods/far-00000000`, { recursive: true });
    await this.#fjr('show', ['show', 'held']);
  }

  /** A crew that is somewhere else, and of which no heartbeat was seen yet. */
  #pretendAnotherHost(): void {
    const pod = `${this.#project.root}/jobpods/far-00000000`;
    const [here = ''] = this.#project.pods();
    const file = JSON.parse(
      readFileSync(`${this.#project.root}/jobpods/${here}/crew.json`, 'utf8'),
    ) as object;
    mkdirSync(pod);
    writeFileSync(`${pod}/crew.json`, JSON.stringify({ ...file, id: 'far-00000000', host: 'far' }));
  }

  /** Two hosts, of which one does not answer; and then has a crew all the same, as it seems. */
  async #askHosts(): Promise<void> {
    const conf = `${this.#project.root}/remote.conf`;
    const far = '[host2]\nname: far\nport: 1\nssh_options: -o HostName=127.0.0.1\n';
    writeFileSync(conf, `[host1]\nname: localhost\nworkers: 1\nmultiplexer: none\n${far}`);
    await this.#recruiter('recruiter-hire', ['hire'], 3);
    await this.#recruiter('recruiter-list', ['list']);
    await this.#fjr('status', ['status']);
    await this.#fjr('doctor', ['doctor'], 3);
    this.#pretendAnotherHost();
    await this.#recruiter('recruiter-fire', ['fire'], 3);
    rmSync(`${this.#project.root}/jobpods/far-00000000`, { recursive: true });
    rmSync(conf);
  }

  async #tidyUp(): Promise<void> {
    await this.#fjr('retry', ['retry', 'exit', 'signal']);
    await this.#fjr('retry', ['retry', '--failed']);
    await this.#fjr('retry', ['retry', '--failed']);
    await this.#fjr('cancel', ['cancel', '--all']);
    await this.#fjr('cancel', ['cancel', '--all']);
    await this.#fjr('gc', ['gc', '--older-than', '0', '--dry-run']);
    await this.#fjr('gc', ['gc', '--older-than', '0']);
    await this.#fjr('gc', ['gc', '--older-than', '0']);
    writeFileSync(`${this.#project.root}/workerqueue/far-00000000.1`, '');
    await this.#fjr('doctor', ['doctor', '--repair']);
    await this.#fjr('pool-remove', ['pool', 'remove', 'PROXY']);
    await this.#fjr('status', ['status']);
  }
}
