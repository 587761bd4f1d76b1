import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PullingWorker, submitted } from '../../rig/pulling-worker.js';
import { Rig } from '../../rig/rig.js';
import { TestServer } from '../../rig/server.js';
import { waitUntil } from '../../rig/wait-until.js';
import { exchange, lastBorder, part, request, shown, wordOf } from './row.js';

const named = (filename: string): string => `; name="file"; filename="${filename}"`;
const file = part(named('f'), 'x') + lastBorder;
const noName = 'the file has no name that a file could have';
const noPlace = 'no file can be called so there';
const noFile = 'expected a file named "file"';
const noForm = 'expected multipart/form-data with a file named "file"';
const outside = "base_path leads out of the job's directory";

/** What the worker that has the job sends for it. */
function upload(path: string, body: string, type = 'multipart/form-data; boundary=border') {
  return (token: string, id: string): Buffer =>
    request(
      `POST /jobs/${id}/files/upload?type=output&base_path=${path}`,
      `Authorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`,
      body,
    );
}

const rows = [
  ...['..', '../..', 'a/../../b', '/etc', '%2e%2e%2fx', '%2Fetc', 'a%00b', 'a%2f..%2f..%2f..'].map(
    (path) => ({
      title: `to ${shown(path)}`,
      send: upload(path, file),
      ...{ status: 403, word: outside },
    }),
  ),
  ...['', '.', '..', '.x.draft', 'x'.repeat(300)].map((name) => ({
    title: `of a file called ${shown(name)}`,
    send: upload('', part(named(name), 'x') + lastBorder),
    ...{ status: 422, word: name === '' ? noFile : noName },
  })),
  ...[
    ['to a directory with too long a name', 'x'.repeat(300), file, noPlace],
    ['to a path that is too long', `${'x'.repeat(200)}/`.repeat(25), file, noPlace],
    ['below what is a file', 'known', part(named('x'), 'x') + lastBorder, noPlace],
    ['in the place of a directory', '', part(named('sub'), 'x') + lastBorder, noPlace],
    ['without a file', '', lastBorder, noFile],
    ['of a field', '', part('; name="file"', 'x') + lastBorder, noFile],
    ['of a file by another name', '', part('; name="other"; filename="f"', 'x') + lastBorder, noFile],
    ['of 200 fields and no file', '', part('; name="x"', 'y').repeat(200) + lastBorder, noFile],
  ].map(([title = '', path = '', body = '', word]) => ({
    ...{ title, send: upload(path, body), status: 422, word },
  })),
  {
    ...{ title: 'of a file whose name holds NUL', send: upload('', part(named('a\0b'), 'x') + lastBorder) },
    ...{ status: 422, word: 'the form is cut short or broken' },
  },
  {
    ...{ title: 'that breaks off', send: upload('', part(named('f'), 'x')), status: 422 },
    word: 'the form is cut short or broken',
  },
  ...[
    'application/json',
    'multipart/form-data',
    'x',
    `multipart/form-data; boundary=${'x'.repeat(5000)}`,
  ].map((type, index) => ({
    title: `of the type ${shown(type)}`,
    send: upload('', file, type),
    ...{ status: 422, word: index === 3 ? 'the form is cut short or broken' : noForm },
  })),
];

describe('an upload', () => {
  let rig: Rig;
  let server: TestServer;
  let worker: PullingWorker;
  let token = '';
  let failed = true;

  const work = (): string => {
    const [entry = ''] = readdirSync(`${rig.project().root}/work`);
    return `${rig.project().root}/work/${entry}/uploads`;
  };
  const filesBelow = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath.slice(directory.length)}/${entry.name}`)
      .sort();

  async function tokenFor(name: string, scope: string): Promise<string> {
    const { stdout } = await rig.run('fjr', ['token', 'add', name, '--scope', scope]);
    return stdout.trim().split(' ').at(-1)!;
  }

  beforeAll(async () => {
    rig = new Rig();
    server = await TestServer.start(rig, []);
    server.staff.push(rig.start('fjr-dispatcher', ['--keep-running', '--interval', '0.1']));
    const key = await tokenFor('submitter', 'submit');
    token = await tokenFor('worker', 'worker');
    worker = new PullingWorker(server, token);
    const headers = { 'x-api-key': key, 'Content-Type': 'application/json' };
    const body = JSON.stringify(submitted({ paths_upload: { output: 'out', log: 'log', artifact: 'a' } }));
    expect((await server.fetch('/_jobs', { method: 'POST', headers, body })).status).toBe(201);
    expect(await worker.pullIds('memory=1000&wait=20')).toEqual(['1']);
    expect(await worker.upload('1', 'output', '', 'known', 'known')).toBe(201);
    expect(await worker.upload('1', 'output', 'sub', 'f', 'f')).toBe(201);
  });

  afterAll(async () => {
    await server.stop();
    await rig.dispose(failed);
  });

  test.each(rows)('$title is refused with $status', async ({ send, status, word }) => {
    const answer = await exchange(server.url, send(token, '1'));
    expect({ status: answer.status, word: wordOf(answer) }, answer.body).toEqual({ status, word });
    await waitUntil(
      'nothing is left of it',
      () => filesBelow(work()).join(),
      (left) => left === '/output/known,/output/sub/f',
    );
  });

  test.each([
    '\u202etxt.exe',
    'u\u0308 \u00fc',
    'ü'.repeat(127),
    '中'.repeat(85),
    '🙂'.repeat(63),
    'a;b|c$(d)',
    '--',
    '.hidden',
    'CON',
  ])('of a file called %j is one of that name', async (name) => {
    const directory = `names/${Buffer.from(name).toString('hex').slice(0, 40)}`;
    expect(await worker.upload('1', 'output', directory, name, 'x')).toBe(201);
    expect(readdirSync(`${work()}/output/${directory}`)).toEqual([name]);
  });

  test('that leads through a link, or has a directory in its way, harms nothing else', async () => {
    const root = `${rig.project().root}/files`;
    mkdirSync(`${root}/out/known`, { recursive: true });
    writeFileSync(`${rig.project().root}/secret`, 'secret');
    symlinkSync(`${rig.project().root}/secret`, `${root}/out/link`);
    expect(await worker.upload('1', 'output', '', 'link', 'x')).toBe(201);
    expect(await worker.put('1', 'finished')).toBe(204);
    expect(readFileSync(`${rig.project().root}/secret`, 'utf8')).toBe('secret');
    expect(readFileSync(`${root}/out/link`, 'utf8')).toBe('x');
    expect(readFileSync(`${root}/out/sub/f`, 'utf8')).toBe('f');
    expect(existsSync(`${work()}/output/known`)).toBe(true);
    expect(server.process.stderr).toMatch(
      /files\/out\/known cannot be written, and stays at .*output\/known: a directory is in its way/,
    );
    expect(rig.project().jobs('done')).toHaveLength(1);
    failed = false;
  });
});
