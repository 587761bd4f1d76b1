import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect } from 'vitest';
import type { Background } from '../rig/background.js';
import { controlledJob, controlledProgram } from '../rig/controlled-job.js';
import { outcomesOf } from '../rig/fan-out.js';
import { Line } from '../rig/line.js';
import { type Ending, ini } from '../rig/project-files.js';
import { submitted } from '../rig/pulling-worker.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** A project that is served, and workers that share nothing with it. */
class Joined {
  readonly rig: Rig;
  server: TestServer;
  #key = '';
  /** Where the user's own files are. */
  readonly home: string;

  private constructor(rig: Rig, server: TestServer) {
    this.rig = rig;
    this.server = server;
    this.home = `${rig.directory}/work`;
    mkdirSync(this.home);
  }

  /** `config`: of the server. */
  static async open(rig: Rig, config = ''): Promise<Joined> {
    mkdirSync(rig.project().root, { recursive: true });
    writeFileSync(`${rig.project().root}/config.toml`, config);
    const joined = new Joined(rig, await TestServer.start(rig, []));
    joined.server.staff.push(rig.start('fjr-dispatcher', ['--keep-running', '--interval', '0.1']));
    joined.#key = await joined.token('submitter', 'submit');
    return joined;
  }

  async token(name: string, scope: string): Promise<string> {
    const { stdout } = await this.rig.run('fjr', ['token', 'add', name, '--scope', scope]);
    return stdout.trim().split(' ').at(-1) ?? '';
  }

  /** A worker with a token and a directory of its own. */
  async worker(name: string, ...args: string[]): Promise<Background> {
    const token = await this.token(name, 'worker');
    const url = args.includes('--api') ? [] : ['--api', this.server.url];
    const own = [...url, '--path-base', this.base(name), '--no-container', '--gpus', '0'];
    const worker = this.rig.start('fjr-worker', [...own, '--timeout-status', '0.2', ...args], {
      env: { ACCESS_TOKEN: token },
    });
    await worker.says('[fjr-worker] Works for ');
    return worker;
  }

  base(name: string): string {
    return `${this.rig.directory}/base-${name}`;
  }

  /** Directories of jobs on a worker's host. */
  directories(name: string): string[] {
    return existsSync(this.base(name))
      ? readdirSync(this.base(name)).filter((file) => file !== '.fjr-worker')
      : [];
  }

  async submit(parts: Parameters<typeof submitted>[0]): Promise<void> {
    const response = await this.server.fetch('/_jobs', {
      method: 'POST',
      headers: { 'x-api-key': this.#key, 'Content-Type': 'application/json' },
      body: JSON.stringify(submitted(parts)),
    });
    expect(response.status).toBe(201);
  }

  async ended(job: string): Promise<Ending> {
    const project = this.rig.project();
    const look = (): Ending[] => project.outcomes(job);
    return (await waitUntil(`${job} has ended`, look, (outcomes) => outcomes.length > 0, 40))[0]!;
  }

  /** A file that DECODE's jobs name. */
  file(path: string): string {
    return `${this.rig.project().root}/files/${path}`;
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  read(path: string): string {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
}

const quickLease = '[Workers]\nLease = "10s"\n';

/** A command that the test controls. */
function controlled(name: string): string[] {
  return [`FJR_JOB=${name}`, process.execPath, controlledProgram];
}

describe('A worker that shares nothing with the project', () => {
  test('runs jobs of DECODE, with their files', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const worker = await joined.worker('w');
    joined.write(joined.file('alice/in.txt'), 'hello\n');
    await joined.submit({
      app: {
        cmd: ['cat in/a.txt >out/deep/b.txt; echo $GREETING >log/l; echo printed'],
        env: { GREETING: 'hi' },
      },
      handler: { files_down: { 'in/a.txt': 'alice/in.txt' }, files_up: { output: 'out/deep', log: 'log' } },
      paths_upload: { output: 'alice/results', log: 'alice/logs', artifact: 'alice/artifacts' },
    });
    expect(await joined.ended('decode-1.json')).toMatchObject({
      to: 'done',
      outcome: { kind: 'exit', code: 0 },
    });
    const results = joined.file('alice/results/out/deep/b.txt');
    await waitUntil(
      'its files are there',
      () => joined.read(results),
      (text) => text === 'hello\n',
    );
    await waitUntil(
      'what it logged is there, too',
      () => joined.read(joined.file('alice/logs/log/l')),
      (text) => text === 'hi\n',
    );
    await joined.submit({ app: { cmd: ['echo why; exit 7'] } });
    expect(await joined.ended('decode-2.json')).toMatchObject({
      to: 'failed',
      outcome: { kind: 'exit', code: 7 },
    });
    await waitUntil(
      'why it failed is in its log',
      () => rig.project().log('decode-2.json', 'err'),
      (text) => text.includes('exit code 7\nLogs:\nwhy\n'),
    );
    await waitUntil(
      'nothing is left',
      () => joined.directories('w'),
      (names) => names.length === 0,
    );
    await worker.stop();
    await joined.server.stop();
  });

  test('says of a job that leaves more than it may that this is why it failed', async ({ rig }) => {
    const joined = await Joined.open(rig, '[Workers]\nUploadLimit = "64KB"\n');
    const worker = await joined.worker('w');
    await joined.submit({
      app: { cmd: ['yes | head -c 200000 >out/much'] },
      handler: { files_up: { output: 'out' } },
    });
    expect(await joined.ended('decode-1.json')).toMatchObject({ to: 'failed' });
    await waitUntil(
      'its log says why',
      () => rig.project().log('decode-1.json', 'err'),
      (text) =>
        /cannot send the output out\/much: status 413 .*an execution may send 65536 bytes in all/.test(text),
    );
    await worker.stop();
    await joined.server.stop();
  });

  test('runs job files as they are, with their inputs, outputs, pool items and logs', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const project = rig.project();
    project.addPool('LICENCE', { one: 'key-1' });
    const worker = await joined.worker('w', '--labels', 'quick');
    joined.write(`${joined.home}/data/a.csv`, '1\n2\n');
    joined.write(`${joined.home}/data/b.csv`, '3\n');
    joined.write(
      `${joined.home}/sum.sh`,
      'cat data/*.csv >results/all.csv; echo "$TASK_RESOURCE_LICENCE $FJR_JOB $FJR_PROJECT $FJR_ATTEMPT"; tail -n 1 "$1"; mkdir -p results/more; echo x >results/more/x; echo no >no\n',
    );
    const settings = {
      workdir: joined.home,
      inputs: 'data, sum.sh',
      outputs: 'results',
      resources: 'LICENCE',
      labels: 'quick',
    };
    project.submit('sum.conf', `${ini('mkdir results; sh sum.sh', settings)}# the last line\n`);
    expect(await joined.ended('sum.conf')).toMatchObject({ to: 'done', printed: ['out'] });
    const all = `${joined.home}/results/all.csv`;
    await waitUntil(
      'its outputs are there',
      () => joined.read(all),
      (text) => text === '1\n2\n3\n',
    );
    await waitUntil(
      'its log is there',
      () => project.log('sum.conf', 'out'),
      (text) => text === 'key-1 sum.conf default 1\n# the last line\n',
    );
    expect(joined.read(`${joined.home}/results/more/x`)).toBe('x\n');
    expect(existsSync(`${joined.home}/no`)).toBe(false);
    expect(project.pool('LICENCE')).toEqual(['one']);
    project.submit(
      'fails.conf',
      ini('sh -c "echo bad >&2; exit 4"', { outputs: 'x', retries: 1, 'retry-delay': 0 }),
    );
    expect(await joined.ended('fails.conf')).toMatchObject({
      to: 'failed',
      outcome: { kind: 'exit', code: 4 },
    });
    expect(project.starts('fails.conf')).toHaveLength(2);
    await waitUntil(
      'its log is there',
      () => project.log('fails.conf', 'err'),
      (text) => text === 'bad\n',
    );
    project.submit('slow.conf', ini('sh -c "sleep 600"', { outputs: 'x', timeout: 1 }));
    expect(await joined.ended('slow.conf')).toMatchObject({ outcome: { kind: 'timeout', seconds: 1 } });
    await worker.stop();
    await joined.server.stop();
  });

  test('kills what was cancelled', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const worker = await joined.worker('w');
    rig.project().submit('five.conf', controlledJob({ outputs: 'x' }));
    const job = await rig.jobs.started('five.conf');
    await rig.run('fjr', ['cancel', 'five.conf']);
    await waitUntil(
      'it is dead',
      () => [job.isAlive(), joined.directories('w')],
      ([isAlive, left]) => isAlive === false && (left as string[]).length === 0,
    );
    expect((await joined.ended('five.conf')).outcome).toEqual({ kind: 'cancelled' });
    await worker.stop();
    await joined.server.stop();
  });

  test('goes on when the server is killed and another takes its place', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const worker = await joined.worker('w');
    await joined.submit({ app: { cmd: controlled('one') }, handler: { files_up: { output: 'out' } } });
    const job = await rig.jobs.started('one');
    const { port } = new URL(joined.server.url);
    joined.server.process.signal('SIGKILL');
    await joined.server.process.ends();
    await waitUntil(
      'it is missed',
      () => worker.stderr,
      (text) => text.includes('The server does not answer'),
    );
    await job.print('still here\n');
    job.exit(3);
    const next = rig.start('fjr', ['serve', '--port', port, '--no-fsync']);
    await next.says('[fjr] Serving project');
    expect((await joined.ended('decode-1.json')).outcome).toEqual({ kind: 'exit', code: 3 });
    expect(rig.project().starts('decode-1.json')).toHaveLength(1);
    await worker.stop();
    await next.stop();
    for (const member of joined.server.staff) await member.stop();
  });

  test('that is killed leaves nothing running, and its job goes to another', async ({ rig }) => {
    const joined = await Joined.open(rig, quickLease);
    const worker = await joined.worker('w');
    rig.project().submit('one.conf', controlledJob({ outputs: 'x' }));
    const first = await rig.jobs.started('one.conf');
    worker.signal('SIGKILL');
    await worker.ends();
    await waitUntil(
      'its job is dead',
      () => first.isAlive(),
      (isAlive) => !isAlive,
    );
    const other = await joined.worker('other');
    const second = await waitUntil(
      'another has it',
      () => rig.jobs.executions[1],
      (execution) => execution !== undefined,
      40,
    );
    second!.exit(0);
    expect((await joined.ended('one.conf')).outcome).toEqual({ kind: 'exit', code: 0 });
    await other.stop();
    await joined.server.stop();
  });

  test('that is cut off for longer than its lease has lost its job, and sends nothing of it', async ({
    rig,
  }) => {
    const joined = await Joined.open(rig, quickLease);
    const line = new Line(Number(new URL(joined.server.url).port));
    await line.open();
    const worker = await joined.worker('w', '--api', line.url);
    rig.project().submit('one.conf', controlledJob({ outputs: 'x' }));
    const first = await rig.jobs.started('one.conf');
    await line.close();
    const other = await joined.worker('other');
    const second = await waitUntil(
      'another has it',
      () => rig.jobs.executions[1],
      (execution) => execution !== undefined,
      40,
    );
    expect(first.isAlive()).toBe(true);
    await line.open();
    await waitUntil(
      'the first is dead',
      () => first.isAlive(),
      (isAlive) => !isAlive,
    );
    await waitUntil(
      'nothing of it is left',
      () => joined.directories('w'),
      (names) => names.length === 0,
    );
    await second!.print('by the second\n');
    second!.exit(0);
    expect((await joined.ended('one.conf')).outcome).toEqual({ kind: 'exit', code: 0 });
    await waitUntil(
      'its log is there',
      () => rig.project().log('one.conf', 'out'),
      (text) => text === 'by the second\n',
    );
    await worker.stop();
    await other.stop();
    await joined.server.stop();
    await line.close();
  });

  test('gives back what it runs when it is told to leave', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const worker = await joined.worker('w');
    rig.project().submit('one.conf', controlledJob({ outputs: 'x' }));
    await rig.jobs.started('one.conf');
    expect(await worker.stop()).toMatchObject({ code: 0 });
    const other = await joined.worker('other');
    const second = await waitUntil(
      'another has it',
      () => rig.jobs.executions[1],
      (one) => one !== undefined,
    );
    expect(second!.attempt).toBe('1');
    second!.exit(0);
    await joined.ended('one.conf');
    await other.stop();
    await joined.server.stop();
  });

  test('runs tasks of fan-out jobs, and tells what they come to while they run', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const project = rig.project();
    project.addPool('SEAT', { a: 'seat-a', b: 'seat-b' });
    const worker = await joined.worker('w', '--cpus', '2');
    const file = `${rig.directory}/sweep.yaml`;
    joined.write(
      file,
      `name: sweep
portable: true
command: 'echo "$FJR_JOB $FJR_TASK_INDEX $INPUT"; case "$INPUT" in much) seq 1 300000;; bad) echo no >&2; exit 3;; esac; [ "$PWD" != / ]'
input: [a, much, bad, "d e", f, g]
max_failures: 5
`,
    );
    expect((await rig.run('fjr', ['submit', file])).code).toBe(0);
    const [entry = ''] = await waitUntil(
      'the run has ended',
      () => [...project.entries('failed'), ...project.entries('done')],
      (names) => names.length > 0,
      40,
    );
    const outcomes = outcomesOf(`${project.root}/failed/${entry}`);
    expect([...outcomes.accepted].sort()).toEqual([
      ...[0, 1].map((task) => [task, 'done']),
      [2, 'exit'],
      ...[3, 4, 5].map((task) => [task, 'done']),
    ]);
    const name = /^(.*?)@/.exec(outcomes.output(0))?.[1] ?? outcomes.output(0).split(' ')[0];
    expect(outcomes.output(3)).toBe(`${name} 3 d e\n`);
    expect(outcomes.output(1)).toHaveLength(`${name} 1 much\n`.length + 1_988_895);
    await waitUntil(
      'nothing is left',
      () => joined.directories('w'),
      (names) => names.length === 0,
    );
    expect(readdirSync(`${joined.base('w')}/.fjr-worker/project/jobqueue`)).toEqual([]);
    await worker.stop();
    await joined.server.stop();
  });

  test('gives back the tasks that it has not begun when it leaves, and counts what they came to before', async ({
    rig,
  }) => {
    const joined = await Joined.open(rig);
    const project = rig.project();
    const first = await joined.worker('w', '--cpus', '1');
    const file = `${rig.directory}/sweep.yaml`;
    joined.write(
      file,
      `name: sweep\nportable: true\ncommand: 'echo "$INPUT" >>${rig.ledger}/ran; [ "$INPUT" != b ] || until [ -e ${rig.directory}/go ]; do sleep 0.05; done'\ninput: [a, b, c]\n`,
    );
    expect((await rig.run('fjr', ['submit', file])).code).toBe(0);
    const ran = (): string => joined.read(`${rig.ledger}/ran`);
    await waitUntil('it has begun the second', ran, (text) => text.includes('b\n'), 40);
    await first.stop();
    joined.write(`${rig.directory}/go`, '');
    const other = await joined.worker('other');
    await waitUntil(
      'the run is done',
      () => project.entries('done'),
      (names) => names.length > 0,
      40,
    );
    expect(ran().split('\n').sort().join(' ').trim()).toBe('a b b c');
    await other.stop();
    await joined.server.stop();
  });

  test('runs ranks that begin together, here and there', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const file = `${rig.directory}/ranks/manifest.yaml`;
    joined.write(
      file,
      `kind: AIchorManifest
apiVersion: 0.2.1
builder: { image: ranks, dockerfile: ./Dockerfile, context: . }
spec:
  operator: jobset
  portable: true
  image: ranks
  command: touch ${rig.ledger}/$JOB_GLOBAL_INDEX; until [ $(ls ${rig.ledger} | wc -l) = $WORLD_SIZE ]; do sleep 0.05; done; echo rank $RANK of $WORLD_SIZE
  types:
    A: { count: 2, resources: { cpus: 1, ramRatio: 0.1, shmSizeGB: 0 } }
`,
    );
    joined.write(`${rig.directory}/ranks/Dockerfile`, 'FROM scratch\n');
    const submitted = await rig.run('fjr', ['submit', file, '--no-container']);
    expect(submitted).toMatchObject({ code: 0, stderr: '' });
    const first = await joined.worker('first', '--cpus', '1');
    const second = await joined.worker('second', '--cpus', '1');
    const project = rig.project();
    const [entry = ''] = await waitUntil(
      'the ranks are done',
      () => project.entries('done'),
      (names) => names.length > 0,
      40,
    );
    const outcomes = outcomesOf(`${project.root}/done/${entry}`);
    expect([0, 1].map((task) => outcomes.output(task))).toEqual(['rank 0 of 2\n', 'rank 1 of 2\n']);
    await first.stop();
    await second.stop();
    await joined.server.stop();
  });

  test('is told apart from those whose tokens are no workers', async ({ rig }) => {
    const joined = await Joined.open(rig);
    const token = await joined.token('reader', 'read');
    const result = await rig.run(
      'fjr-worker',
      ['--api', joined.server.url, '--no-container', '--gpus', '0'],
      {
        env: { ACCESS_TOKEN: token },
      },
    );
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('will not have us as a worker');
    expect(result.stderr).toContain('fjr token add NAME --scope worker');
    await joined.server.stop();
  });
});
