import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect } from 'vitest';
import { PullingWorker, submitted } from '../rig/pulling-worker.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** A server with a dispatcher, and no crew of its own. */
class Hall {
  readonly rig: Rig;
  server: TestServer;
  #key = '';

  private constructor(rig: Rig, server: TestServer) {
    this.rig = rig;
    this.server = server;
  }

  static async open(rig: Rig, config = ''): Promise<Hall> {
    mkdirSync(rig.project().root, { recursive: true });
    writeFileSync(`${rig.project().root}/config.toml`, config);
    const hall = new Hall(rig, await TestServer.start(rig, []));
    hall.dispatch();
    hall.#key = await hall.token('submitter', 'submit');
    return hall;
  }

  dispatch(): void {
    this.server.staff.push(this.rig.start('fjr-dispatcher', ['--keep-running', '--interval', '0.1']));
  }

  async token(name: string, scope: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await this.rig.run('fjr', ['token', 'add', name, '--scope', scope, ...args]);
    const token = stdout.trim().split(' ').at(-1);
    if (token === undefined || token === '') throw new Error(stderr);
    return token;
  }

  async worker(name: string, ...args: string[]): Promise<PullingWorker> {
    return new PullingWorker(this.server, await this.token(name, 'worker', ...args));
  }

  async submit(parts: Parameters<typeof submitted>[0] = {}): Promise<Response> {
    return this.server.fetch('/_jobs', {
      method: 'POST',
      headers: { 'x-api-key': this.#key, 'Content-Type': 'application/json' },
      body: JSON.stringify(submitted(parts)),
    });
  }

  /** Returns the ids, in the order of submission; each server begins with 1. */
  async submitAll(...jobs: Parameters<typeof submitted>[0][]): Promise<void> {
    for (const job of jobs) expect((await this.submit(job)).status).toBe(201);
  }

  file(path: string): string {
    return `${this.rig.project().root}/files/${path}`;
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(this.file(path)), { recursive: true });
    writeFileSync(this.file(path), content);
  }
}

describe('who may ask', () => {
  test('needs a token of a worker', async ({ rig }) => {
    const hall = await Hall.open(rig);
    const { server } = hall;
    expect(await (await server.fetch('/')).json()).toEqual({ message: 'fjr: jobs over HTTP' });
    expect(await (await server.fetch('/access_info')).json()).toMatchObject({
      cognito: { user_pool_id: null, client_id: null, region: null },
    });
    expect((await server.fetch('/jobs?memory=1')).status).toBe(401);
    const reader = new PullingWorker(server, await hall.token('reader', 'read'));
    const refused = await reader.ask('/jobs?memory=1');
    expect([refused.status, await refused.json()]).toEqual([403, { detail: expect.any(String) }]);
    expect((await server.fetch('/_jobs', { method: 'POST', body: '{}' })).status).toBe(401);
    const worker = await hall.worker('w');
    expect((await worker.ask('/_jobs', { method: 'POST', headers: { 'x-api-key': 'x' } })).status).toBe(401);
    await server.stop();
  });

  test('is told what is wrong, as FastAPI says it', async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    const bad = async (query: string): Promise<unknown> => {
      const response = await worker.ask(`/jobs${query}`);
      expect(response.status).toBe(422);
      return response.json();
    };
    expect(await bad('')).toMatchObject({ detail: [{ type: 'missing', loc: ['query', 'memory'] }] });
    expect(await bad('?memory=much')).toMatchObject({
      detail: [{ loc: ['query', 'memory'], input: 'much' }],
    });
    expect(await bad('?memory=1&limit=0')).toMatchObject({ detail: [{ loc: ['query', 'limit'] }] });
    expect(await worker.put('1', 'sleeping')).toBe(422);
    const response = await hall.submit({ priority: 'high' });
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { detail: [{ loc: ['body', 'priority'], input: 'high' }] },
    ]);
    await hall.server.stop();
  });
});

describe('a job', () => {
  test('goes its whole way, with files down and up', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('gpu-box');
    hall.write('user/input.txt', 'what goes in');
    const response = await hall.submit({
      app: { cmd: ['python', 'fit.py'], env: { A: '1' } },
      handler: {
        files_down: { 'data/input.txt': 'user/input.txt' },
        files_up: { output: 'output', log: 'log' },
      },
      paths_upload: { output: 'user/results', log: 'user/logs', artifact: 'user/artifacts' },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ priority: 5, group: null, job: { meta: { job_id: 7 } } });
    expect(await worker.put('1', 'running')).toBe(404);
    expect(await worker.status('1')).toBe('queued');
    const jobs = await worker.pull();
    expect(jobs).toMatchObject({
      '1': { app: { cmd: ['python', 'fit.py'], env: { A: '1' } }, handler: { image_name: null } },
    });
    expect(await worker.status('1')).toBe('pulled');
    expect(await worker.put('1', 'preprocessing')).toBe(204);
    expect(await worker.download('user/input.txt')).toBe('what goes in');
    expect(await worker.put('1', 'running')).toBe(204);
    expect(await worker.put('1', 'preprocessing')).toBe(204);
    expect(await worker.status('1')).toBe('running');
    expect(await worker.upload('1', 'output', 'output/deep', 'fit.h5', 'what comes out')).toBe(201);
    expect(await worker.upload('1', 'log', 'log', 'log.txt', 'said')).toBe(201);
    expect(existsSync(hall.file('user/results/output/deep/fit.h5'))).toBe(false);
    expect(await worker.put('1', 'finished')).toBe(204);
    expect(readFileSync(hall.file('user/results/output/deep/fit.h5'), 'utf8')).toBe('what comes out');
    expect(readFileSync(hall.file('user/logs/log/log.txt'), 'utf8')).toBe('said');
    await waitUntil(
      'it is finished',
      () => worker.status('1'),
      (status) => status === 'finished',
    );
    expect(await worker.put('1', 'running')).toBe(404);
    expect(rig.project().entries('done')).toHaveLength(1);
    await hall.server.stop();
  });

  test('that fails says why, and its files are kept', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    await hall.submitAll({});
    expect(await worker.pullIds()).toEqual(['1']);
    expect(await worker.upload('1', 'log', 'log', 'log.txt', 'oh no')).toBe(201);
    expect(await worker.put('1', 'error', 'exit code 3\nLogs:\noh no')).toBe(204);
    expect(readFileSync(hall.file('log/log/log.txt'), 'utf8')).toBe('oh no');
    const { stdout } = await rig.run('fjr', ['show', 'decode-1.json']);
    expect(stdout).toContain('exit code 3');
    expect(
      (await rig.run('fjr', ['logs', 'decode-1.json'])).stdout +
        (await rig.run('fjr', ['logs', 'decode-1.json'])).stderr,
    ).toContain('oh no');
    await hall.server.stop();
  });

  test('that is cancelled is gone for its worker', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    await hall.submitAll({});
    expect(await worker.pullIds()).toEqual(['1']);
    await rig.run('fjr', ['cancel', 'decode-1.json']);
    expect(await worker.put('1', 'running')).toBe(404);
    expect((await rig.run('fjr', ['show', 'decode-1.json'])).stdout).toContain('cancelled');
    await hall.server.stop();
  });
});

describe('matching', () => {
  test('a hundred clients share three jobs', { timeout: 60_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    await hall.submitAll({}, {}, {});
    const one = await hall.worker('crowd');
    const pulls = await Promise.all(Array.from({ length: 100 }, () => one.pullIds()));
    expect(pulls.flat().sort()).toEqual(['1', '2', '3']);
    await hall.server.stop();
  });

  test.for<[string, Parameters<typeof submitted>[0], string, boolean]>([
    ['memory', { hardware: { memory: 2000 } }, 'memory=1999', false],
    ['memory that is just enough', { hardware: { memory: 2000 } }, 'memory=2000', true],
    ['cores', { hardware: { cpu_cores: 4 } }, 'memory=1&cpu_cores=3', false],
    ['cores that are enough', { hardware: { cpu_cores: 4 } }, 'memory=1&cpu_cores=4', true],
    ['memory of a GPU', { hardware: { gpu_mem: 8000 } }, 'memory=1&gpu_mem=7000', false],
    [
      'memory of a GPU, as the original fetcher says it',
      { hardware: { gpu_mem: 8000 } },
      'memory=1&gpu_memory=8000',
      true,
    ],
    ['the model', { hardware: { gpu_model: 'A100' } }, 'memory=1&gpu_mem=1&gpu_model=T4', false],
    ['the right model', { hardware: { gpu_model: 'A100' } }, 'memory=1&gpu_model=A100', true],
    ['the architecture', { hardware: { gpu_archi: 'ampere' } }, 'memory=1&gpu_mem=1', false],
    ['nothing', {}, 'memory=0', true],
    ['another environment', { environment: 'cloud' }, 'memory=1', false],
    ['its environment', { environment: 'local' }, 'memory=1&older_than=1000', true],
    ['no environment, and is too young', {}, 'memory=1&older_than=1000', false],
  ])('goes by %s', { timeout: 30_000 }, async ([, job, query, isGiven], { rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    await hall.submitAll(job);
    expect(await worker.pullIds(query)).toEqual(isGiven ? ['1'] : []);
    await hall.server.stop();
  });

  test('own groups go first, then priorities, then age', { timeout: 60_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    await hall.submitAll(
      { priority: 5 },
      { priority: 9 },
      { priority: 9 },
      { priority: 1, group: 'mine' },
      { priority: 2, group: 'mine' },
      { priority: 7, group: 'theirs' },
    );
    const order: string[] = [];
    for (let n = 0; n < 6; n++) order.push(...(await worker.pullIds('memory=1&groups=other&groups=mine')));
    expect(order).toEqual(['5', '4', '2', '3', '6', '1']);
    await hall.server.stop();
  });

  test('a worker in the cloud takes what is for the cloud', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w', '--environment', 'cloud');
    await hall.submitAll({ environment: 'local' }, { environment: 'cloud' }, {});
    expect((await worker.pullIds('memory=1&limit=3')).sort()).toEqual(['2', '3']);
    await hall.server.stop();
  });
});

describe('a worker that falls silent', () => {
  test('loses its job to another, and after that nobody has it', { timeout: 120_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig, '[Workers]\nLease = "10s"\nRetries = 1\n');
    const [one, two, three] = [
      await hall.worker('one'),
      await hall.worker('two'),
      await hall.worker('three'),
    ];
    await hall.submitAll({});
    expect(await one.pullIds()).toEqual(['1']);
    expect(await one.upload('1', 'output', 'o', 'f', 'of one')).toBe(201);
    await waitUntil(
      'others know that it is no longer queued',
      () => three.status('1'),
      (status) => status !== 'queued',
    );
    await waitUntil(
      'it is queued again',
      () => three.status('1'),
      (status) => status === 'queued',
    );
    expect(await one.put('1', 'running')).toBe(404);
    expect(await one.upload('1', 'output', 'o', 'f', 'late')).toBe(404);
    // It has had it.
    expect(await one.pullIds()).toEqual([]);
    const pulled = await waitUntil(
      'the other has it',
      () => two.pullIds(),
      (ids) => ids.length > 0,
    );
    expect(pulled).toEqual(['1']);
    await waitUntil(
      'it has failed',
      () => rig.project().entries('failed').length,
      (count) => count === 1,
    );
    expect(await three.pullIds()).toEqual([]);
    expect(existsSync(hall.file('out/o/f'))).toBe(false);
    await hall.server.stop();
  });

  test(
    'has it for as long as it says something, whatever becomes of the server',
    { timeout: 60_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig, '[Workers]\nLease = "10s"\n');
      const token = await hall.token('w', 'worker');
      await hall.submitAll({});
      expect(await new PullingWorker(hall.server, token).pullIds()).toEqual(['1']);
      hall.server.process.signal('SIGKILL');
      const { staff } = hall.server;
      hall.server = await TestServer.start(rig, []);
      hall.server.staff.push(...staff);
      const worker = new PullingWorker(hall.server, token);
      expect(await worker.status('1')).toBe('pulled');
      expect(await worker.put('1', 'running')).toBe(204);
      expect(await worker.upload('1', 'output', '', 'f', 'content')).toBe(201);
      expect(await worker.put('1', 'finished')).toBe(204);
      expect(readFileSync(hall.file('out/f'), 'utf8')).toBe('content');
      await hall.server.stop();
    },
  );
});

describe('what is not theirs', () => {
  test('is neither read nor written', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const [one, two] = [await hall.worker('one'), await hall.worker('two')];
    hall.write('a', 'a');
    hall.write('b', 'b');
    writeFileSync(`${rig.project().root}/secret`, 'secret');
    symlinkSync(`${rig.project().root}/secret`, hall.file('link'));
    await hall.submitAll(
      { handler: { files_down: { x: 'a', l: 'link' } } },
      { handler: { files_down: { x: 'b' } } },
    );
    expect(await one.pullIds()).toEqual(['1']);
    expect(await two.pullIds()).toEqual(['2']);
    expect(await one.download('a')).toBe('a');
    expect(await one.download('b')).toBe(403);
    expect(await one.download('a/../b')).toBe(403);
    expect(await one.download('..%2Fsecret')).toBe(403);
    expect(await one.download('link')).toBe(404);
    expect(await one.put('2', 'error')).toBe(404);
    expect(await one.status('2')).toBe(404);
    expect(await one.upload('2', 'output', '', 'f', '')).toBe(404);
    expect(await one.upload('1', 'output', '../..', 'f', '')).toBe(403);
    expect(await one.upload('1', 'output', '/etc', 'f', '')).toBe(403);
    expect(await one.upload('1', 'output', '', '..', '')).toBe(422);
    expect(await one.upload('1', 'sub', '', 'f', '')).toBe(422);
    expect((await hall.submit({ paths_upload: { output: '../x', log: 'l', artifact: 'a' } })).status).toBe(
      422,
    );
    expect((await hall.submit({ handler: { files_down: { '../x': 'a' } } })).status).toBe(422);
    await hall.server.stop();
  });
});

describe('a job file with inputs and outputs', () => {
  test('is staged, and runs as it is', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    const work = `${rig.env['HOME'] ?? ''}/work`;
    mkdirSync(`${work}/data/deep`, { recursive: true });
    writeFileSync(`${work}/data/one.csv`, '1');
    writeFileSync(`${work}/data/deep/two.csv`, '2');
    writeFileSync(`${work}/other`, '3');
    rig
      .project()
      .submit(
        'fit.conf',
        `[fjr]\nexecutable: sh fit.sh\nworkdir: ${work}\ninputs: data\noutputs: results/*.csv\nretries: 1\n`,
      );
    rig.project().submit('plain.conf', '[fjr]\nexecutable: true\n');
    const jobs = await waitUntil(
      'it is pulled',
      () => worker.pull('memory=1000&fjr=1&instance=a'),
      (found) => Object.keys(found).length > 0,
    );
    const [[id, specs] = ['', undefined]] = Object.entries(jobs);
    expect(specs?.meta).toMatchObject({
      fjr: { kind: 'job', name: 'fit.conf', outputs: ['results/*.csv'], attempt: 1 },
    });
    const down = specs?.handler.files_down ?? {};
    expect(Object.keys(down).sort()).toEqual(['data/deep/two.csv', 'data/one.csv']);
    expect(await worker.download(down['data/one.csv'] ?? '')).toBe('1');
    expect(await worker.download(`job:${id}:`)).toContain('executable: sh fit.sh');
    expect(await worker.download(`job:${id}:other`)).toBe(403);
    expect(await worker.upload(id, 'output', 'results', 'a.csv', 'A')).toBe(201);
    expect(await worker.upload(id, 'output', '', 'not-declared', 'B')).toBe(201);
    expect(await worker.upload(id, 'log', '', 'out', 'printed\n')).toBe(201);
    expect(await worker.put(id, 'finished', '', { outcome: { kind: 'exit', code: 0 }, ms: 12 })).toBe(204);
    expect(readFileSync(`${work}/results/a.csv`, 'utf8')).toBe('A');
    expect(existsSync(`${work}/not-declared`)).toBe(false);
    expect((await rig.run('fjr', ['logs', 'fit.conf'])).stdout).toContain('printed');
    // What does not say what it needs is not for hosts that share nothing.
    expect(await worker.pullIds('memory=1000&fjr=1&instance=a')).toEqual([]);
    await hall.server.stop();
  });
});

describe('a fan-out run that is portable', () => {
  test('is done slice by slice, and its lines count as they come', { timeout: 30_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    const yaml = `${rig.env['HOME'] ?? ''}/sweep.yaml`;
    writeFileSync(yaml, 'name: sweep\nportable: true\ncommand: echo {}\ninput: [a, b, c]\n');
    expect((await rig.run('fjr', ['submit', yaml])).code).toBe(0);
    const query = 'memory=1000&fjr=1&cpu_cores=1&instance=a';
    const ended: number[] = [];
    for (let n = 0; ended.length < 3 && n < 10; n++) {
      const jobs = await worker.pull(`${query}&wait=5s`);
      const [[id, specs] = ['', undefined]] = Object.entries(jobs);
      if (specs === undefined) continue;
      const { fjr } = specs.meta as unknown as { fjr: Record<string, unknown> };
      expect(fjr).toMatchObject({ kind: 'slice', fanOut: { tasks: 3 } });
      const inputs = fjr['inputs'] as [number, string][];
      expect(await worker.download(`job:${id}:`)).toContain('{"slice":');
      const token = /@([^.]+)/.exec(String(fjr['entry']))?.[1];
      const text = inputs.map(([task]) => `${JSON.stringify({ task, token, ms: 1 })}\n`).join('');
      const grow = async (offset: number, body: string): Promise<unknown> =>
        (
          await worker.ask(`/jobs/${encodeURIComponent(id)}/grow?file=lines&offset=${offset}`, {
            method: 'PUT',
            body,
          })
        ).json();
      const before = (await grow(1e9, '')) as { size: number };
      expect(await grow(before.size, text)).toEqual({ size: before.size + text.length });
      // Said again: it is known.
      expect(await grow(before.size, text)).toEqual({ size: before.size + text.length });
      expect(
        await worker.put(id, 'finished', '', { slice: { tasks: inputs.length, failed: 0, ms: 5 } }),
      ).toBe(204);
      ended.push(...inputs.map(([task]) => task));
    }
    expect(ended.sort()).toEqual([0, 1, 2]);
    const entries = await waitUntil(
      'the run is done',
      () => rig.project().entries('done'),
      (done) => done.length > 0,
    );
    expect(entries[0]).toMatch(/^sweep-.*\.run$/);
    await hall.server.stop();
  });
});

describe('a server that is killed', () => {
  test('while fifty workers hold jobs, loses none of them', { timeout: 90_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const token = await hall.token('crowd', 'worker');
    const ids = Array.from({ length: 50 }, (_, index) => String(index + 1));
    await hall.submitAll(...ids.map(() => ({})));
    const pulled = await Promise.all(
      ids.map(() => new PullingWorker(hall.server, token).pullIds('memory=1&wait=20s')),
    );
    expect(
      pulled
        .flat()
        .map(Number)
        .sort((a, b) => a - b)
        .map(String),
    ).toEqual(ids);
    hall.server.process.signal('SIGKILL');
    const { staff } = hall.server;
    hall.server = await TestServer.start(rig, []);
    hall.server.staff.push(...staff);
    const worker = new PullingWorker(hall.server, token);
    expect(new Set(await Promise.all(ids.map((id) => worker.put(id, 'running'))))).toEqual(new Set([204]));
    expect(new Set(await Promise.all(ids.map((id) => worker.put(id, 'finished'))))).toEqual(new Set([204]));
    expect(rig.project().entries('done')).toHaveLength(50);
    expect(rig.project().entries('jobqueue')).toEqual([]);
    for (const id of ids) expect(rig.project().outcomes(`decode-${id}.json`)).toHaveLength(1);
    await hall.server.stop();
  });

  test('between the outcome and the files: the next one puts them in place, and names the log', async ({
    rig,
  }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    const project = rig.project();
    const work = `${rig.directory}/work`;
    mkdirSync(work);
    project.submit('fit.conf', `[fjr]\nexecutable: sh fit.sh\nworkdir: ${work}\noutputs: result\n`);
    const [id = ''] = await waitUntil(
      'it is pulled',
      async () => Object.keys(await worker.pull('memory=1000&fjr=1&instance=a')),
      (ids) => ids.length > 0,
    );
    expect(await worker.upload(id, 'output', '', 'result', 'A')).toBe(201);
    expect(await worker.upload(id, 'log', '', 'out', 'printed\n')).toBe(201);
    hall.server.process.signal('SIGKILL');
    await hall.server.process.ends();
    // What it had done last.
    const [pod = ''] = project.pods();
    renameSync(`${project.root}/jobpods/${pod}/running/${id}`, `${project.root}/done/${id}`);
    const { staff } = hall.server;
    hall.server = await TestServer.start(rig, []);
    hall.server.staff.push(...staff);
    await waitUntil(
      'its files are there',
      () => [`${work}/result`, `${project.root}/logs/fit.conf.out`].filter((path) => existsSync(path)),
      (there) => there.length === 2,
    );
    expect(project.log('fit.conf', 'out')).toBe('printed\n');
    await hall.server.stop();
  });
});

describe('what has failed once', () => {
  test(
    'that a file cannot be put in its place costs neither the outcome nor the server',
    { timeout: 40_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig);
      const worker = await hall.worker('w');
      await hall.submitAll({}, {});
      expect((await worker.pullIds('memory=1&limit=2')).sort()).toEqual(['1', '2']);
      expect(await worker.upload('1', 'output', '', 'x', 'a file')).toBe(201);
      expect(await worker.put('1', 'finished')).toBe(204);
      expect(await worker.upload('2', 'output', 'x', 'y', 'below a file')).toBe(201);
      expect(await worker.put('2', 'finished')).toBe(204);
      expect(hall.server.process.stderr).toMatch(
        /out\/x\/y cannot be written, and stays at .*: a file is where its directory would be\n/,
      );
      const { staff } = hall.server;
      await hall.server.process.stop();
      hall.server = await TestServer.start(rig, []);
      hall.server.staff.push(...staff);
      expect((await hall.server.fetch('/')).status).toBe(200);
      expect(rig.project().entries('done')).toHaveLength(2);
      await hall.server.stop();
    },
  );

  test(
    'a job that a worker has lost does not stand before those that it may have',
    { timeout: 60_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig, '[Workers]\nLease = "10s"\n');
      const worker = await hall.worker('w');
      await hall.submitAll({ priority: 9 }, {}, {});
      expect(await worker.pullIds()).toEqual(['1']);
      await waitUntil(
        'it is queued again',
        () => worker.status('1'),
        (status) => status === 'queued',
      );
      expect(await worker.pullIds('memory=1&wait=5s')).toEqual(['2']);
      expect(await worker.pullIds('memory=1&wait=5s')).toEqual(['3']);
      await hall.server.stop();
    },
  );
});

describe('what nobody hears of', () => {
  test(
    'is not given out: HEAD, and a second job that does not come',
    { timeout: 40_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig);
      const worker = await hall.worker('w');
      await hall.submitAll({});
      expect((await worker.ask('/jobs?memory=1', { method: 'HEAD' })).status).toBe(405);
      const begun = performance.now();
      expect(await worker.pullIds('memory=1&limit=2&wait=20s')).toEqual(['1']);
      expect(performance.now() - begun).toBeLessThan(10_000);
      await hall.server.stop();
    },
  );

  test('is given back when whoever asked has gone', { timeout: 40_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    const leaving = new AbortController();
    const waiting = worker.ask('/jobs?memory=1&wait=30s', { signal: leaving.signal });
    await waitUntil(
      'it is on offer',
      () => rig.project().announced().length,
      (count) => count === 1,
    );
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await hall.submitAll({});
    expect(await worker.pullIds('memory=1&wait=10s')).toEqual(['1']);
    await hall.server.stop();
  });
});

describe('what is for workers of fjr', () => {
  test(
    'is not for others, and they say nothing of tasks that are not theirs',
    { timeout: 40_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig);
      const worker = await hall.worker('w');
      rig.project().submit('p.conf', '[fjr]\nexecutable: true\ninputs: x\npriority: 9\n');
      const yaml = `${rig.env['HOME'] ?? ''}/sweep.yaml`;
      writeFileSync(yaml, 'name: sweep\nportable: true\npriority: 8\ncommand: echo {}\ninput: [a, b, c]\n');
      expect((await rig.run('fjr', ['submit', yaml])).code).toBe(0);
      await hall.submitAll({});
      expect(await worker.pullIds('memory=1')).toEqual(['1']);
      expect(await worker.pullIds('memory=1')).toEqual([]);
      const fjr = await hall.worker('fjr');
      expect(await fjr.pullIds('memory=1&fjr=1&wait=5s')).toEqual([expect.stringMatching(/^p@/)]);
      const [id = ''] = await fjr.pullIds('memory=1&fjr=1&wait=5s');
      expect(id).toContain('.slice');
      const token = /@([^.]+)/.exec(id)?.[1];
      const said = async (line: object | string): Promise<number> =>
        (
          await fjr.ask(`/jobs/${encodeURIComponent(id)}/grow?file=lines&offset=0`, {
            method: 'PUT',
            body: typeof line === 'string' ? line : `${JSON.stringify(line)}\n`,
          })
        ).status;
      expect(await said({ task: 0, token: '0123456789', ms: 1 })).toBe(422);
      expect(await said({ task: 999, token, ms: 1 })).toBe(422);
      expect(await said({ task: 0, forgive: { exit: 1 } })).toBe(422);
      expect(await said('{"task":0')).toBe(422);
      await hall.server.stop();
    },
  );
});

describe('two servers', () => {
  test(
    'answer for the same jobs, and one that ends takes nothing along',
    { timeout: 60_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig);
      const token = await hall.token('w', 'worker');
      await hall.submitAll({}, {});
      const second = await TestServer.start(rig, []);
      const [here, there] = [new PullingWorker(hall.server, token), new PullingWorker(second, token)];
      expect(await here.pullIds('memory=1&wait=5s')).toEqual(['1']);
      expect(await there.pullIds('memory=1&wait=5s')).toEqual(['2']);
      expect(await there.put('1', 'running')).toBe(204);
      expect(await here.status('1')).toBe('running');
      expect(await here.put('2', 'running')).toBe(204);
      await second.stop();
      expect(await here.put('1', 'finished')).toBe(204);
      expect(await here.put('2', 'finished')).toBe(204);
      expect(rig.project().entries('done')).toHaveLength(2);
      await hall.server.stop();
    },
  );
});

describe('items of a pool', () => {
  test(
    'are told to the worker, and are not free while a cancelled job may still run',
    { timeout: 60_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig, '[Workers]\nLease = "10s"\n');
      const worker = await hall.worker('w');
      await rig.run('fjr', ['pool', 'add', 'lic', 'one']);
      const job = '[fjr]\nexecutable: true\ninputs: x\nresources: lic\n';
      rig.project().submit('a.conf', job);
      const jobs = await worker.pull('memory=1&fjr=1&wait=10s');
      const [[id, specs] = ['', undefined]] = Object.entries(jobs);
      expect(specs?.meta).toMatchObject({ fjr: { items: [{ pool: 'lic', item: 'one' }] } });
      await rig.run('fjr', ['cancel', 'a.conf']);
      expect(await worker.put(id, 'running')).toBe(404);
      expect(rig.project().entries('failed')).toHaveLength(1);
      expect(
        rig
          .project()
          .pool('lic')
          .filter((name) => name === 'one'),
      ).toEqual([]);
      const free = await waitUntil(
        'the item is free',
        async () => (await worker.pullIds('memory=1&fjr=1')).concat(rig.project().pool('lic')),
        (names) => names.includes('one'),
        40,
      );
      expect(free).toContain('one');
      await hall.server.stop();
    },
  );
});

test('what has ended goes with --keep, as other jobs of servers do', { timeout: 40_000 }, async ({ rig }) => {
  const hall = await Hall.open(rig);
  const worker = await hall.worker('w');
  await hall.submitAll({});
  expect(await worker.pullIds()).toEqual(['1']);
  expect(await worker.put('1', 'finished')).toBe(204);
  expect(rig.project().entries('done')).toHaveLength(1);
  const keeper = await TestServer.start(rig, ['--keep', '1s']);
  await waitUntil(
    'it is gone',
    () => rig.project().entries('done'),
    (names) => names.length === 0,
  );
  await keeper.stop();
  await hall.server.stop();
});

describe('a last word', () => {
  test(
    'that was not answered may be said again, to any server, and by nobody else',
    { timeout: 40_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig);
      const [one, two] = [await hall.worker('one'), await hall.worker('two')];
      await hall.submitAll({}, {}, {});
      expect((await one.pullIds('memory=1&limit=3')).sort()).toEqual(['1', '2', '3']);
      expect(await one.put('1', 'finished')).toBe(204);
      expect(await one.put('2', 'error', 'exit code 3')).toBe(204);
      await rig.run('fjr', ['cancel', 'decode-3.json']);
      expect(await one.put('3', 'running')).toBe(404);
      const again = async (): Promise<void> => {
        expect(await one.put('1', 'finished')).toBe(204);
        expect(await one.put('2', 'error', 'exit code 3')).toBe(204);
        // It was told to stop, it says something else, it has more to say than the last word, it is somebody else.
        expect(await one.put('3', 'error')).toBe(404);
        expect(await one.put('1', 'error')).toBe(404);
        expect(await one.put('1', 'running')).toBe(404);
        expect(await two.put('1', 'finished')).toBe(404);
        expect(await one.put('99', 'finished')).toBe(404);
      };
      await again();
      const { staff } = hall.server;
      hall.server.process.signal('SIGKILL');
      hall.server = await TestServer.start(rig, []);
      hall.server.staff.push(...staff);
      const other = new PullingWorker(hall.server, await hall.token('three', 'worker'));
      expect(await other.put('1', 'finished')).toBe(404);
      for (const name of ['done', 'failed'] as const)
        expect(rig.project().entries(name)).toHaveLength(name === 'done' ? 1 : 2);
      await hall.server.stop();
    },
  );

  test('is known after the server was started anew', { timeout: 40_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const token = await hall.token('w', 'worker');
    const worker = new PullingWorker(hall.server, token);
    rig.project().submit('j.conf', '[fjr]\nexecutable: true\ninputs: x\n');
    await hall.submitAll({});
    const ids = [
      ...(await worker.pullIds('memory=1&fjr=1&wait=10s')),
      ...(await worker.pullIds('memory=1&fjr=1&wait=10s')),
    ];
    expect(ids).toHaveLength(2);
    for (const id of ids) expect(await worker.put(id, 'finished')).toBe(204);
    hall.server.process.signal('SIGKILL');
    const { staff } = hall.server;
    hall.server = await TestServer.start(rig, []);
    hall.server.staff.push(...staff);
    const again = new PullingWorker(hall.server, token);
    for (const id of ids) expect(await again.put(id, 'finished')).toBe(204);
    for (const id of ids) expect(await again.put(id, 'error')).toBe(404);
    expect(rig.project().entries('done')).toHaveLength(2);
    await hall.server.stop();
  });
});

describe('what a worker may fill', () => {
  test('of the log of its job is a mebibyte', { timeout: 40_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig);
    const worker = await hall.worker('w');
    await hall.submitAll({});
    expect(await worker.pullIds()).toEqual(['1']);
    const details = 'x'.repeat(14_000);
    for (let n = 0; n < 80; n++) expect(await worker.put('1', 'running', details)).toBe(204);
    const { stderr } = await rig.run('fjr', ['logs', 'decode-1.json']);
    expect(stderr.length).toBeGreaterThan(2 ** 20);
    expect(stderr.length).toBeLessThan(2 ** 20 + 100);
    expect(stderr).toMatch(/x\n\[fjr: what the worker says from here on is left out\]\n$/);
    await hall.server.stop();
  });

  test('of the disk is what the configuration says', { timeout: 40_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig, '[Workers]\nUploadLimit = "64KB"\n');
    const token = await hall.token('w', 'worker');
    const worker = new PullingWorker(hall.server, token);
    await hall.submitAll({});
    expect(await worker.pullIds()).toEqual(['1']);
    const much = 'x'.repeat(40_000);
    const send = async (by: PullingWorker, name: string, content: string): Promise<number> =>
      by.upload('1', 'output', '', name, content);
    expect(await send(worker, 'a', much)).toBe(201);
    // It was not answered, say.
    expect(await send(worker, 'a', much)).toBe(201);
    expect(await send(worker, 'b', much)).toBe(413);
    expect(await Promise.all(['c', 'd'].map((name) => send(worker, name, 'x'.repeat(12_000))))).toEqual(
      expect.arrayContaining([201, 413]),
    );
    expect(await send(worker, 'e', '')).toBe(201);
    hall.server.process.signal('SIGKILL');
    const { staff } = hall.server;
    hall.server = await TestServer.start(rig, []);
    hall.server.staff.push(...staff);
    const again = new PullingWorker(hall.server, token);
    expect(await send(again, 'b', much)).toBe(413);
    const form = new FormData();
    form.set('file', new Blob([much]), 'b');
    const refused = await again.ask('/jobs/1/files/upload?type=output', { method: 'POST', body: form });
    expect(await refused.json()).toEqual({
      detail: 'an execution may send 65536 bytes in all (UploadLimit in [Workers])',
    });
    expect(await again.put('1', 'finished')).toBe(204);
    expect(readFileSync(hall.file('out/a'), 'utf8')).toBe(much);
    expect(existsSync(hall.file('out/b'))).toBe(false);
    await hall.server.stop();
  });
});

describe('a slice whose worker says that it is done', () => {
  test(
    'without lines is given to somebody else, and none may fill the disk',
    { timeout: 40_000 },
    async ({ rig }) => {
      const hall = await Hall.open(rig, '[Workers]\nUploadLimit = "64KB"\n');
      const worker = await hall.worker('w');
      const yaml = `${rig.env['HOME'] ?? ''}/sweep.yaml`;
      writeFileSync(yaml, 'name: sweep\nportable: true\ncommand: echo {}\ninput: [a]\n');
      expect((await rig.run('fjr', ['submit', yaml])).code).toBe(0);
      const pull = async (): Promise<string> => {
        const ids = await waitUntil(
          'a slice comes',
          () => worker.pullIds('memory=1000&fjr=1&instance=a&wait=5s'),
          ({ length }) => length === 1,
        );
        return ids[0] ?? '';
      };
      const grow = async (id: string, file: string, body: string): Promise<number> =>
        (
          await worker.ask(`/jobs/${encodeURIComponent(id)}/grow?file=${file}&offset=0`, {
            method: 'PUT',
            body,
          })
        ).status;
      const slice = { slice: { tasks: 1, failed: 0, ms: 5 } };
      const first = await pull();
      expect(await worker.put(first, 'finished', '', slice)).toBe(204);
      const second = await pull();
      expect(await grow(second, 'pack', 'x'.repeat(70_000))).toBe(413);
      const token = /@([^.]+)/.exec(second)?.[1];
      const lines = `${JSON.stringify({ task: 0, token, ms: 1 })}\n`;
      expect(await grow(second, 'lines', lines)).toBe(200);
      await waitUntil(
        'the run is done',
        () => rig.project().entries('done'),
        (done) => done.length > 0,
      );
      // It was not answered, say.
      expect(await grow(second, 'lines', lines)).toBe(200);
      for (let n = 0; n < 2; n++) expect(await worker.put(second, 'finished', '', slice)).toBe(204);
      await hall.server.stop();
    },
  );
});

describe('a server behind another one', () => {
  test('tells the address by which it is reached', { timeout: 40_000 }, async ({ rig }) => {
    const hall = await Hall.open(rig, '[Server]\nPublicURL = "https://jobs.example.org/fjr/"\n');
    const worker = await hall.worker('w');
    hall.write('a b', 'a');
    await hall.submitAll({ handler: { files_down: { x: 'a b' } } });
    expect(await worker.pullIds()).toEqual(['1']);
    const urlOf = async (path: string, method: string): Promise<unknown> => {
      const headers = { 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'evil.example' };
      return ((await (await worker.ask(path, { method, headers })).json()) as { url: unknown }).url;
    };
    expect(await urlOf('/jobs/1/files/url?type=output&base_path=a%20b', 'POST')).toBe(
      'https://jobs.example.org/fjr/jobs/1/files/upload?type=output&base_path=a%20b',
    );
    expect(await urlOf('/files/a%20b/url', 'GET')).toBe('https://jobs.example.org/fjr/files/a%20b/download');
    const origin = async (name: string): Promise<number> =>
      (await worker.ask('/jobs/1/status', { headers: { Origin: name } })).status;
    expect(await origin('https://jobs.example.org')).toBe(200);
    expect(await origin('https://other.example.org')).toBe(403);
    await hall.server.stop();
  });

  test.for(['jobs.example.org', 'ftp://x', 'https://u:p@x', 'https://x/?a=1', 'https://x/#a', ''])(
    'is not reached by %j',
    async (url, { rig }) => {
      mkdirSync(rig.project().root, { recursive: true });
      writeFileSync(`${rig.project().root}/config.toml`, `[Server]\nPublicURL = ${JSON.stringify(url)}\n`);
      const { code, stderr } = await rig.run('fjr', ['serve', '--port', '0']);
      expect(code).toBe(2);
      expect(stderr).toContain('expected a URL such as "https://jobs.example.org"');
    },
  );
});
