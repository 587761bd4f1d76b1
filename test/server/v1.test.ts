import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { type Answer, Api } from '../rig/api.js';
import { controlledJob } from '../rig/controlled-job.js';
import { submitTasks } from '../rig/fan-out.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, parameter, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** Answers are any JSON: what they must be is said by the document that each is held against. */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return */

interface Page {
  readonly jobs: readonly { readonly name: string }[];
  readonly next: string | null;
}

interface TaskPage {
  readonly tasks: readonly { task: number; state: string; begin: string; end: string; worker: number }[];
  readonly next: string | null;
}

async function serve(rig: Rig, workers = 2): Promise<{ server: TestServer; api: Api }> {
  const server = await TestServer.start(rig);
  if (workers > 0) await server.hire(workers);
  return { server, api: await Api.open(server) };
}

function shell(script: string): string {
  return `#!/bin/sh\n${script}\n`;
}

async function tokenFor(rig: Rig, name: string, scope: string): Promise<string> {
  const { stdout } = await rig.run('fjr', ['token', 'add', name, '--scope', scope]);
  return stdout.trim().split(/\s+/).at(-1) ?? '';
}

describe('Lists of jobs', () => {
  test('are filtered by state, kind and name, and read on page by page, each job once', async ({ rig }) => {
    const { server, api } = await serve(rig, 4);
    for (let number = 1; number <= 25; number += 1)
      rig.project().submitOld(`j${number}.conf`, ini(`/bin/sh -c 'exit ${number % 5 === 0 ? 1 : 0}'`));
    submitTasks(rig.project().root, 'sweep.run', 'true', ['1', '2']);
    await waitUntil(
      'all have ended',
      async () => (await api.get('/v1/counts')).json,
      ({ done, failed }) => done === 21 && failed === 5,
    );
    const list = async (query: Record<string, string | number>): Promise<string[]> =>
      (await api.get('/v1/jobs', { query })).json.jobs.map(({ name }: { name: string }) => name);
    expect((await list({ state: 'failed' })).sort()).toEqual([
      'j10.conf',
      'j15.conf',
      'j20.conf',
      'j25.conf',
      'j5.conf',
    ]);
    expect(await list({ state: 'waiting,running' })).toEqual([]);
    expect(await list({ kind: 'run' })).toEqual(['sweep.run']);
    expect((await list({ q: 'J2', state: 'done' })).sort()).toEqual([
      'j2.conf',
      'j21.conf',
      'j22.conf',
      'j23.conf',
      'j24.conf',
    ]);
    const names: string[] = [];
    for (let cursor = ''; ;) {
      const query = { limit: 10, ...(cursor === '' ? {} : { cursor }) };
      const { jobs, next } = (await api.get('/v1/jobs', { query })).json as Page;
      names.push(...jobs.map(({ name }) => name));
      if (next === null) break;
      cursor = next;
    }
    expect(names).toHaveLength(26);
    expect(new Set(names).size).toBe(26);
    await server.stop();
  });

  test('name every value that is wrong, and what was expected', async ({ rig }) => {
    const { server, api } = await serve(rig, 0);
    const { status, json } = await api.get('/v1/jobs', {
      query: [
        ['limit', '0'],
        ['state', 'done,runing'],
        ['kinds', 'run'],
        ['q', 'a'],
        ['q', 'b'],
      ],
    });
    expect(status).toBe(400);
    expect(json).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid_request',
      detail: json.errors.map(({ detail }: { detail: string }) => detail).join('\n'),
      errors: [
        {
          in: 'query',
          name: 'state',
          detail:
            'state is "done,runing": expected some of waiting, assigned, running, done, failed, with commas between them',
        },
        { in: 'query', name: 'q', detail: 'q is given 2 times: expected once' },
        { in: 'query', name: 'limit', detail: 'limit is "0": expected a whole number from 1 to 1000' },
        { in: 'query', name: 'kinds', detail: 'there is no "kinds": did you mean "kind"?' },
      ],
    });
    const cursor = await api.get('/v1/jobs', { query: { cursor: 'x' } });
    expect([cursor.status, cursor.json.errors[0].name]).toEqual([400, 'cursor']);
    await server.stop();
  });
});

describe('One job', () => {
  test('is shown with its file and every try of it, and waited for', async ({ rig }) => {
    const { server, api } = await serve(rig);
    const text = controlledJob({ retries: 1, 'retry-delay': '0s' });
    rig.project().submit('twice.conf', text);
    const asked = { path: { id: 'twice.conf' } };
    const first = await rig.jobs.started('twice.conf');
    const waiting = api.get('/v1/jobs/{id}', { ...asked, query: { wait: '1m' } });
    first.exit(3);
    const second = await rig.jobs.started('twice.conf', 2);
    const running = await api.job('twice.conf', 'running');
    expect(running.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'exit code 3',
      null,
    ]);
    second.exit(0);
    const { json } = await waiting;
    expect(json).toMatchObject({
      name: 'twice.conf',
      kind: 'job',
      state: 'done',
      outcome: 'done',
      text,
      tasks: null,
    });
    expect(json.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['exit code 3', 'done']);
    expect(json.attempts[1]).toMatchObject({
      id: json.id,
      crew: json.crew,
      worker: json.worker,
      ended: json.ended,
    });
    // The same name once more is another job.
    rig.project().submit('twice.conf', ini('/bin/true'));
    const again = await waitUntil(
      'it is done again',
      async () => (await api.get('/v1/jobs/{id}', asked)).json,
      ({ id, state }) => state === 'done' && id !== json.id,
    );
    expect(again.attempts).toHaveLength(1);
    const before = (await api.get('/v1/jobs/{id}', { path: { id: json.id } })).json;
    expect(before).toEqual(json);
    await server.stop();
  });

  test('is found by any name that a file can have, and by no path', async ({ rig }) => {
    const { server, api } = await serve(rig, 0);
    const names = ['100%.conf', 'a%2Fb.conf', 'ü ☃.conf', 'a+b&c=d?.conf', '#.conf', '%zz', "it's;.conf"];
    for (const name of names) rig.project().submit(name, ini('/bin/true'));
    for (const name of names) expect(await api.job(name, 'waiting')).toMatchObject({ id: name, name });
    mkdirSync(`${rig.project().root}/server`, { recursive: true });
    for (const id of ['../server/key', '..', '.', 'a/b', '\0', 'x'.repeat(300), 'nobody.conf']) {
      const { status, json } = await api.get('/v1/jobs/{id}', { path: { id: id } });
      // Some of them never come to the route: clients and servers make paths of them.
      expect([200, 404]).toContain(status);
      expect(json.name).toBeUndefined();
    }
    await server.stop();
  });
});

describe('Logs', () => {
  test('are sent whole, in parts, and from the end', async ({ rig }) => {
    const { server, api } = await serve(rig);
    rig.project().submit('talks.sh', shell('printf 0123456789; printf oops >&2'), 0o700);
    await api.job('talks.sh', 'done');
    const log = async (range?: string, query: Record<string, string> = {}) =>
      api.get('/v1/jobs/{id}/log', {
        path: { id: 'talks.sh' },
        query,
        headers: range === undefined ? {} : { Range: range },
      });
    const shown = async (range?: string): Promise<unknown[]> => {
      const { status, text, headers } = await log(range);
      return [status, text, headers.get('Content-Range')];
    };
    expect(await shown()).toEqual([200, '0123456789', null]);
    expect(await shown('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
    expect(await shown('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10']);
    expect(await shown('bytes=-4')).toEqual([206, '6789', 'bytes 6-9/10']);
    expect(await shown('bytes=-40')).toEqual([206, '0123456789', 'bytes 0-9/10']);
    expect(await shown('bytes=5-99')).toEqual([206, '56789', 'bytes 5-9/10']);
    for (const range of ['bytes=4-2', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=a-b', 'bytes=-'])
      expect(await shown(range)).toEqual([200, '0123456789', null]);
    for (const range of ['bytes=10-', 'bytes=-0']) {
      const { status, json, headers } = await log(range);
      expect([status, json.code, headers.get('Content-Range')]).toEqual([416, 'no_such_range', 'bytes */10']);
    }
    expect((await log(undefined, { stream: 'err' })).text).toBe('oops');
    expect((await log('bytes=3-', { follow: '1' })).text).toBe('3456789');
    const head = await server.fetch('/v1/jobs/talks.sh/log', { method: 'HEAD' });
    expect([head.status, head.headers.get('Content-Length'), await head.text()]).toEqual([200, '10', '']);
    rig.project().submit('silent.sh', shell('exit 1'), 0o700);
    await api.job('silent.sh', 'failed');
    const none = await api.get('/v1/jobs/{id}/log', { path: { id: 'silent.sh' } });
    expect([none.status, none.json.detail]).toEqual([
      404,
      '"silent.sh" has printed nothing to its standard output',
    ]);
    await server.stop();
  });

  test('are followed from before the job begins until it has ended', async ({ rig }) => {
    const { server, api } = await serve(rig, 1);
    rig.project().submit('first.conf', controlledJob());
    const first = await rig.jobs.started('first.conf');
    rig.project().submit('talks.conf', controlledJob());
    await api.job('talks.conf', 'waiting');
    const follow = { path: { id: 'talks.conf' }, query: { follow: 'true' } };
    let heard = '';
    const following = (async () => {
      const response = await api.open('get', '/v1/jobs/{id}/log', follow);
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) heard += text;
    })();
    first.exit(0);
    const job = await rig.jobs.started('talks.conf');
    for (const word of ['one\n', 'two\n']) {
      await job.print(word);
      await waitUntil(
        'it is heard',
        () => heard,
        (text) => text.endsWith(word),
      );
    }
    await job.print('three\n');
    job.exit(1);
    await following;
    expect(heard).toBe('one\ntwo\nthree\n');
    await server.stop();
  });

  test('that are followed end with the server', async ({ rig }) => {
    const { server, api } = await serve(rig, 1);
    rig.project().submit('long.conf', controlledJob());
    const job = await rig.jobs.started('long.conf');
    await job.print('begun\n');
    const response = await api.open('get', '/v1/jobs/{id}/log', {
      path: { id: 'long.conf' },
      query: { follow: '1' },
    });
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toBe('begun\n');
    const ended = server.process.stop();
    expect((await reader.read()).done).toBe(true);
    expect(await ended).toMatchObject({ code: 0 });
    job.exit(0);
    for (const member of server.staff) await member.stop();
  });
});

describe('What is there', () => {
  test('crews, what their workers do, and who holds which item of a pool', async ({ rig }) => {
    const { server, api } = await serve(rig, 3);
    rig.project().addPool('licence', { a: 'A', b: 'B' });
    mkdirSync(`${rig.project().root}/resources/licence/b.lock`);
    rig.project().submit('holds.conf', controlledJob({ resources: 'licence' }));
    const holds = await rig.jobs.started('holds.conf');
    const { crews } = await waitUntil(
      'it is known who does it',
      async () => (await api.get('/v1/crews')).json,
      (seen) => seen.crews[0]?.busy[0]?.worker > 0,
    );
    const [{ crew, host, workers, free, busy, cpus, memory }] = crews;
    const [file] = rig.project().crews();
    expect({ crew, host, workers, cpus, memory }).toEqual({
      ...{ crew: file!.id, host: file!.host, workers: 3, cpus: file!.cpus, memory: file!.memory },
    });
    expect(free).toBe(2);
    const { id } = await api.job('holds.conf', 'running');
    expect(busy).toEqual([{ worker: busy[0].worker, id, name: 'holds.conf', since: busy[0].since }]);
    expect((await api.get('/v1/pools')).json).toEqual({
      pools: [
        {
          pool: 'licence',
          items: [
            { item: 'a', free: false, holder: { crew, id } },
            { item: 'b', free: false, holder: null },
          ],
        },
      ],
    });
    const metrics = (await api.get('/v1/metrics')).text;
    expect(metrics).toContain('fjr_jobs{state="running"} 1\n');
    expect(metrics).toContain(`fjr_workers{host="${host}",state="free"} 2\n`);
    expect(metrics).toContain('fjr_pool_items{pool="licence",state="used"} 2\n');
    expect(metrics).toMatch(
      /^fjr_http_request_duration_seconds_count\{method="GET",route="\/v1\/pools",status="200"\} 1$/m,
    );
    holds.exit(0);
    await waitUntil(
      'it is counted',
      async () => (await api.get('/v1/throughput')).json.minutes as { done: number }[],
      (minutes) => minutes.length === 60 && minutes.reduce((sum, { done }) => sum + done, 0) === 1,
    );
    await waitUntil(
      'Prometheus is told of it',
      async () => (await api.get('/v1/metrics')).text,
      (text) => text.includes('fjr_jobs_ended_total{state="done"} 1\n'),
    );
    await server.stop();
  });

  test("a run's tasks, page by page, and the workers that do them", async ({ rig }) => {
    const { server, api } = await serve(rig);
    const inputs = Array.from({ length: 25 }, (_, number) => String(number));
    submitTasks(rig.project().root, 'sweep.run', 'test "$FJR_INPUT" != 7', inputs);
    const run = await api.job('sweep.run', 'failed');
    expect(run).toMatchObject({ kind: 'run', text: null, tasks: { tasks: 25, done: 24, failed: 1 } });
    const tasks: TaskPage['tasks'][number][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = { limit: 10, ...(cursor === '' ? {} : { cursor }) };
      const { json } = await api.get('/v1/runs/{id}/tasks', { path: { id: 'sweep.run' }, query });
      const page = json as TaskPage;
      tasks.push(...page.tasks);
      cursor = page.next;
    }
    expect(tasks.map(({ task }) => task)).toEqual(inputs.map(Number));
    const [file] = rig.project().crews();
    expect(tasks[7]).toMatchObject({ state: 'failed', outcome: 'exit code 1', crew: file!.id });
    expect(tasks.filter(({ state }) => state === 'done')).toHaveLength(24);
    for (const { begin, end, worker } of tasks) {
      expect(Date.parse(begin)).toBeLessThanOrEqual(Date.parse(end));
      expect([1, 2]).toContain(worker);
    }
    rig.project().submit('plain.conf', ini('/bin/true'));
    await api.job('plain.conf', 'done');
    const none = await api.get('/v1/runs/{id}/tasks', { path: { id: 'plain.conf' } });
    expect([none.status, none.json.code]).toEqual([404, 'not_a_run']);
    submitTasks(rig.project().root, 'long.run', 'sleep 60', ['1']);
    const busy = await waitUntil(
      'it is known who does it',
      async () => (await api.get('/v1/crews')).json.crews[0].busy,
      ([one]) => one?.worker > 0,
    );
    expect(busy).toHaveLength(1);
    expect(busy[0]).toMatchObject({ name: 'long.run' });
    const cancelled = await api.post('/v1/jobs/{id}/cancel', { path: { id: 'long.run' } });
    expect(cancelled.json).toEqual({ name: 'long.run', result: 'asked' });
    await api.job('long.run', 'failed');
    await server.stop();
  });
});

describe('The log of a task', () => {
  const path = '/v1/runs/{id}/tasks/{task}/log';

  test('of a run is sent whole, in part, and after the run has ended', async ({ rig }) => {
    const { server, api } = await serve(rig);
    const line = 'echo "out of $FJR_INPUT"; echo "err of $FJR_INPUT" >&2; test "$FJR_INPUT" != b';
    submitTasks(rig.project().root, 'sweep.run', line, ['a', 'b', 'c']);
    submitTasks(rig.project().root, 'large.run', 'yes | head -c 100000', ['a']);
    await api.job('sweep.run', 'failed');
    await api.job('large.run', 'done');
    const log = async (task: number | string, query = {}, headers = {}, id = 'sweep.run'): Promise<Answer> =>
      api.get(path, { path: { id, task: String(task) }, query, headers });
    const whole = await log(1);
    expect([whole.status, whole.text]).toEqual([200, 'out of b\n']);
    expect((await log(1, { stream: 'err' })).text).toBe('err of b\n');
    expect((await log(2, { follow: 1 })).text).toBe('out of c\n');
    const part = await log(0, {}, { Range: 'bytes=-2' });
    expect([part.status, part.text, part.headers.get('Content-Range')]).toEqual([206, 'a\n', 'bytes 7-8/9']);
    expect((await log(0, {}, { Range: 'bytes=9-' })).status).toBe(416);
    expect((await log(0, {}, {}, 'large.run')).text).toBe('y\n'.repeat(50_000));
    expect((await log(0, { stream: 'err' }, {}, 'large.run')).json.code).toBe('no_log');
    const none = await log(3);
    expect([none.status, none.json]).toMatchObject([
      404,
      { code: 'unknown_task', detail: '"sweep.run" has no task 3: its tasks are numbered from 0 to 2' },
    ]);
    expect((await log('1e0')).json.errors).toEqual([
      { in: 'path', name: 'task', detail: 'task is "1e0": expected the number of a task' },
    ]);
    rig.project().submit('plain.conf', ini('/bin/true'));
    await api.job('plain.conf', 'done');
    expect((await log(0, {}, {}, 'plain.conf')).json.code).toBe('not_a_run');
    expect((await log(0, {}, {}, 'nobody.run')).json.code).toBe('unknown_job');
    await server.stop();
  });

  test('that runs is followed from before it has begun to its end', async ({ rig }) => {
    const { server, api } = await serve(rig, 0);
    const line = 'yes | head -c 70000; until test -e "$LEDGER/go"; do sleep 0.05; done; echo end';
    submitTasks(rig.project().root, 'sweep.run', line, ['a']);
    const asked = { path: { id: 'sweep.run', task: '0' }, query: { follow: '1' }, headers: {} };
    await api.job('sweep.run', 'waiting');
    expect((await api.get(path, { ...asked, query: {} })).json.code).toBe('no_log');
    const response = await api.open('get', path, asked);
    await server.hire(1);
    let text = '';
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(bytes).toString();
      if (text.length === 70_000) writeFileSync(`${rig.ledger}/go`, '');
    }
    expect(text).toBe(`${'y\n'.repeat(35_000)}end\n`);
    await server.stop();
  });

  test('may come from a worker that says nonsense of it', async ({ rig }) => {
    const { server, api } = await serve(rig);
    submitTasks(rig.project().root, 'sweep.run', 'echo $FJR_INPUT', ['a', 'b']);
    await api.job('sweep.run', 'done');
    const [directory = ''] = rig.project().entries('done');
    const outcomes = `${rig.project().root}/done/${directory}/outcomes`;
    const lines = [
      { task: 0, token: 'aaaaaaaaaa', ms: 1, out: ['x', 5], err: 7 },
      { task: 1, token: 'aaaaaaaaaa', ms: 1, out: [0, 1e15], err: { bytes: -1 } },
    ].map((line) => `${JSON.stringify(line)}\n`);
    for (const file of readdirSync(outcomes)) rmSync(`${outcomes}/${file}`);
    writeFileSync(`${outcomes}/evil-00000000.jsonl`, lines.join(''));
    writeFileSync(`${outcomes}/../output/evil-00000000.pack`, 'pack');
    const log = async (task: number, stream: string): Promise<Answer> =>
      api.get(path, { path: { id: 'sweep.run', task: String(task) }, query: { stream } });
    for (const [task, stream] of [
      [0, 'out'],
      [0, 'err'],
      [1, 'err'],
    ] as const)
      expect((await log(task, stream)).json.code).toBe('no_log');
    expect((await log(1, 'out')).text).toBe('pack');
    const { code, stderr } = await rig.run('fjr', ['logs', 'sweep.run/0']);
    expect([code, stderr]).toEqual([0, '']);
    await server.stop();
  });
});

describe('Jobs are started', () => {
  test('of a file, by itself or in a form, and found under the Location', async ({ rig }) => {
    const { server, api } = await serve(rig);
    const headers = { 'Content-Type': 'text/plain' };
    const plain = await api.post('/v1/jobs', {
      query: { name: 'a b.sh' },
      headers,
      body: shell('echo from a file'),
    });
    expect([plain.status, plain.headers.get('Location'), plain.json]).toEqual([
      201,
      '/v1/jobs/a%20b.sh',
      { name: 'a b.sh', number: null, again: false },
    ]);
    expect((await server.fetch(`${plain.headers.get('Location')!}?wait=20s`)).status).toBe(200);
    await waitUntil(
      'its log is there',
      () => rig.project().log('a b.sh', 'out'),
      (text) => text === 'from a file\n',
    );
    const form = new FormData();
    form.set('file', new File([shell('exit 4')], 'form.sh'));
    const formed = await api.post('/v1/jobs', { body: form });
    expect([formed.status, formed.json.name]).toEqual([201, 'form.sh']);
    expect(await api.job('form.sh', 'failed')).toMatchObject({ outcome: 'exit code 4' });
    const retried = await api.post('/v1/jobs/{id}/retry', { path: { id: 'form.sh' } });
    expect(retried.json).toEqual({ name: 'form.sh' });
    const { attempts } = await waitUntil(
      'it has failed again',
      async () => (await api.get('/v1/jobs/{id}', { path: { id: 'form.sh' } })).json,
      (seen) => seen.attempts.length === 2 && seen.state === 'failed',
    );
    expect(attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'exit code 4',
      'exit code 4',
    ]);
    await server.stop();
  });

  test('of a spec, once for each key, with links to what they leave', async ({ rig }) => {
    writeShellSpec(
      rig,
      'greet',
      'echo "$JOBMGR_PARAMETER_WHO" | tee "$JOBMGR_ARTIFACTS_DIR/out.txt"',
      parameter('who'),
    );
    const { server, api } = await serve(rig);
    const start = async (who: string, key: string) =>
      api.post('/v1/jobs', {
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body: JSON.stringify({ spec: 'greet', parameters: { who } }),
      });
    const first = await start('you', 'k1');
    expect([first.status, first.json]).toEqual([201, { name: 'greet-1.json', number: 1, again: false }]);
    const again = await start('you', 'k1');
    expect([again.status, again.json]).toEqual([200, { name: 'greet-1.json', number: 1, again: true }]);
    const other = await start('them', 'k1');
    expect([other.status, other.json.code]).toEqual([422, 'key_reused']);
    const { artifacts } = await api.job('greet-1.json', 'done');
    expect(artifacts).toMatchObject([{ name: 'out.txt', mime: 'text/plain', size: 4 }]);
    expect(await (await server.fetch(String(artifacts[0].url))).text()).toBe('you\n');
    await server.stop();
  });

  test('and what cannot be started is told why', async ({ rig }) => {
    writeShellSpec(rig, 'greet', 'true', parameter('who'));
    const { server, api } = await serve(rig, 0);
    const json = { 'Content-Type': 'application/json' };
    const text = { 'Content-Type': 'text/plain' };
    const form = new FormData();
    form.set('other', 'text');
    const cases: [Parameters<Api['post']>[1], number, string, string][] = [
      [
        { headers: json, body: '{"spec":"nobody"}' },
        422,
        'unknown_job_name',
        'there is no jobspecs/nobody.toml',
      ],
      [{ headers: json, body: '{"spec":"greet"}' }, 422, 'invalid_params', 'who'],
      [
        { headers: json, body: '{"spec":7,"parameter":{}}' },
        400,
        'invalid_request',
        'spec is 7: expected the name of a spec\nthere is no "parameter": did you mean "parameters"?',
      ],
      [
        { headers: json, body: '{"spec":"greet","parameters":{"who":1}}' },
        400,
        'invalid_request',
        'parameters.who is 1: expected a string',
      ],
      [{ headers: json, body: '{"spec"' }, 400, 'invalid_request', 'Malformed JSON'],
      [{ headers: json, body: 'null' }, 400, 'invalid_request', 'the body is null: expected an object'],
      [{ headers: text, body: 'x' }, 400, 'invalid_request', 'name is missing'],
      [{ headers: text, query: { name: '../x' }, body: shell('') }, 422, 'invalid_job_name', 'holds a slash'],
      [{ headers: text, query: { name: 'x.conf' }, body: '[fjr]\ntimeout: soon\n' }, 422, 'invalid_job', ''],
      [
        { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=b' },
        415,
        'unsupported_type',
        'expected the Content-Type',
      ],
      [{ body: form }, 400, 'invalid_request', 'expected one part, "file"'],
      [{}, 400, 'invalid_request', 'there is no body'],
      [
        { headers: text, query: { name: 'big.sh' }, body: shell('#'.repeat(1_200_000)) },
        413,
        'body_too_large',
        'a body may have',
      ],
    ];
    for (const [asked, status, code, detail] of cases) {
      const answer = await api.post('/v1/jobs', asked);
      expect(answer.json).toMatchObject({ status, code, detail: expect.stringContaining(detail) });
    }
    expect(rig.project().jobs('jobqueue')).toEqual([]);
    await api.post('/v1/jobs', { headers: text, query: { name: 'x.sh' }, body: shell('true') });
    const twice = await api.post('/v1/jobs', {
      headers: text,
      query: { name: 'x.sh' },
      body: shell('false'),
    });
    expect([twice.status, twice.json.code]).toEqual([409, 'job_exists']);
    const early = await api.post('/v1/jobs/{id}/retry', { path: { id: 'x.sh' } });
    expect([early.status, early.json.detail]).toEqual([
      409,
      '"x.sh" is waiting: only failed jobs are retried',
    ]);
    const cancelled = await api.post('/v1/jobs/{id}/cancel', { path: { id: 'x.sh' } });
    expect(cancelled.json).toEqual({ name: 'x.sh', result: 'cancelled' });
    await api.job('x.sh', 'failed');
    const late = await api.post('/v1/jobs/{id}/cancel', { path: { id: 'x.sh' } });
    expect([late.status, late.json.code]).toEqual([409, 'job_ended']);
    await server.stop();
  });
});

describe('Refusals', () => {
  test('are problems, whoever refuses', async ({ rig }) => {
    const server = await TestServer.start(rig, []);
    const [reader, submitter, specs] = [
      await tokenFor(rig, 'reader', 'read'),
      await tokenFor(rig, 'submitter', 'submit'),
      await tokenFor(rig, 'specs', 'spec'),
    ];
    const text = { headers: { 'Content-Type': 'text/plain' }, query: { name: 'x.sh' }, body: shell('true') };
    const problemOf = async (response: Response): Promise<unknown[]> => {
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
      const { status, code } = (await response.json()) as { status: number; code: string };
      expect(status).toBe(response.status);
      return [status, code];
    };
    const nobody = await Api.open(server);
    expect(await problemOf(await nobody.open('get', '/v1/jobs'))).toEqual([401, 'unauthorized']);
    for (const [token, method, status] of [
      [reader, 'get', 200],
      [reader, 'post', 403],
      [submitter, 'get', 403],
      [submitter, 'post', 201],
      [specs, 'get', 403],
      [specs, 'post', 403],
    ] as const) {
      const api = await Api.open(server, token);
      expect((await api.ask(method, '/v1/jobs', method === 'get' ? {} : text)).status).toBe(status);
    }
    const allowed = { Authorization: `Bearer ${reader}` };
    const ask = async (
      path: string,
      { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
    ): Promise<unknown[]> =>
      problemOf(await server.fetch(path, { method, headers: { ...allowed, ...headers } }));
    expect(await ask('/v1')).toEqual([404, 'not_found']);
    expect(await ask('/v1/nothing')).toEqual([404, 'not_found']);
    expect(await ask('/v1/counts', { method: 'DELETE' })).toEqual([405, 'method_not_allowed']);
    expect(await ask('/v1/jobs', { headers: { Origin: 'https://elsewhere.example' } })).toEqual([
      403,
      'foreign_origin',
    ]);
    const wrong = `${reader.slice(0, -3)}xyz`;
    const tries: unknown[] = [];
    for (let index = 0; index < 11; index += 1)
      tries.push((await ask('/v1/counts', { headers: { Authorization: `Bearer ${wrong}` } }))[0]);
    expect(tries).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    await server.stop();
  });
});
