import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { isAlive } from '../rig/processes.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, parameter, writeControlledSpec, writeShellSpec, writeSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

async function open(rig: Rig): Promise<TestServer> {
  const server = await TestServer.start(rig);
  await server.hire();
  return server;
}

function workDirectories(rig: Rig): string[] {
  return readdirSync(`${rig.project().root}/work`).sort();
}

describe('the job of a spec', () => {
  test('sees the variables it asks for, its parameters and its artifacts, and no others', async ({ rig }) => {
    const lines = ['PATH', 'NO_SUCH_VARIABLE'].map((name) => JSON.stringify(name)).join(', ');
    writeSpec(
      rig,
      'env',
      `Command = "env"\nArguments = ["-0"]\nPreserveEnvVars = [${lines}]\n${parameter('some-thing else')}${parameter('n', 'int')}`,
    );
    const server = await open(rig);
    const value = `quotes ' " and $HOME \`id\`\n[fjr]\nexecutable: evil = 1; # %(x)s \\ é 😀`;
    const { job, result } = await server.run('env', { 'some-thing else': value, n: '+08', extra: 'ignored' });
    expect(job).toMatchObject({ status: 'completed', parameters: { extra: 'ignored', n: '+08' } });
    const seen = Object.fromEntries(
      result!
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { root } = rig.project();
    expect(seen).toEqual({
      PATH: rig.env['PATH'],
      NO_SUCH_VARIABLE: '',
      JOBMGR_PARAMETER_SOME_THING_ELSE: value,
      JOBMGR_PARAMETER_N: '8',
      JOBMGR_ARTIFACTS_DIR: expect.stringMatching(
        new RegExp(`^${root}/work/env-1@[0-9a-z]{10}\\.json/artifacts$`),
      ),
    });
    await server.stop();
  });

  test('works in a directory of its own, of which nothing but artifacts is left', async ({ rig }) => {
    writeShellSpec(rig, 'here', 'pwd; mkdir -p sub/deep; echo x > sub/deep/file; ls');
    writeShellSpec(rig, 'keeps', 'echo x > temporary; echo y > artifacts/kept');
    const server = await open(rig);
    const { result, artifacts } = await server.run('here');
    const [directory = '', ...listing] = result!.split('\n');
    expect(directory).toMatch(new RegExp(`^${realpathSync(rig.project().root)}/work/here-1@`));
    expect({ listing, artifacts }).toEqual({ listing: ['artifacts', 'sub', ''], artifacts: null });
    expect(workDirectories(rig)).toEqual([]);
    await server.run('keeps');
    const [kept = ''] = workDirectories(rig);
    expect(readdirSync(`${rig.project().root}/work/${kept}`)).toEqual(['artifacts']);
    await server.stop();
  });

  test('works where its spec says, from where the specs lie on', async ({ rig }) => {
    const { root } = rig.project();
    mkdirSync(`${root}/data`, { recursive: true });
    writeFileSync(`${root}/data/tool`, '#!/bin/sh\npwd\n', { mode: 0o755 });
    writeSpec(rig, 'absolute', 'Command = "pwd"\nWorkingDirectory = "/"');
    writeSpec(rig, 'relative', 'Command = "./tool"\nWorkingDirectory = "data"');
    const server = await open(rig);
    expect((await server.run('absolute')).result).toBe('/\n');
    expect((await server.run('relative')).result).toBe(`${realpathSync(root)}/data\n`);
    await server.stop();
  });

  test('that fails keeps what it printed, its artifacts and its directory', async ({ rig }) => {
    writeShellSpec(rig, 'fails', 'echo so far; echo why >&2; echo a > artifacts/a.txt; echo b > b; exit 3');
    writeShellSpec(rig, 'killed', 'echo before; kill -SEGV $$');
    const server = await open(rig);
    const failed = await server.run('fails');
    expect(failed).toMatchObject({
      job: { status: 'failed' },
      result: 'so far\n',
      artifacts: [{ id: 1, name: 'a.txt', mime: 'text/plain', size: 2 }],
    });
    const [directory = ''] = workDirectories(rig);
    expect(readdirSync(`${rig.project().root}/work/${directory}`).sort()).toEqual(['artifacts', 'b']);
    expect(await server.run('killed')).toMatchObject({ job: { status: 'failed' }, result: 'before\n' });
    const outcomes = ['fails-1.json', 'killed-2.json'].map(
      (name) => rig.project().outcomes(name)[0]?.outcome,
    );
    expect(outcomes).toEqual([
      { kind: 'exit', code: 3 },
      { kind: 'signal', signal: 'SIGSEGV' },
    ]);
    await server.stop();
  });

  test('that cannot be started says why', async ({ rig }) => {
    writeSpec(rig, 'missing', 'Command = "no-such-program"');
    writeSpec(rig, 'nowhere', 'Command = "true"\nPreserveEnvVars = ["PATH"]\nWorkingDirectory = "/no/such"');
    const server = await open(rig);
    for (const name of ['missing', 'nowhere'])
      expect(await server.run(name)).toMatchObject({ job: { status: 'failed' }, result: '' });
    // A crew names the log of an execution that counts right after it counts.
    await waitUntil(
      'their logs are there',
      () => ['missing-1.json', 'nowhere-2.json'].map((job) => rig.project().log(job, 'err')),
      ([missing, nowhere]) =>
        missing === 'fjr: cannot run no-such-program: no such program\n' &&
        nowhere === 'fjr: cannot run true in /no/such: ENOENT\n',
    );
    await server.stop();
  });

  test('ends at its time limit, with all that it has started', async ({ rig }) => {
    const script = 'echo begun; sleep 600 & echo $! > "$LEDGER/child"; sleep 600';
    writeShellSpec(rig, 'slow', script, 'Timeout = "1500ms"\n');
    const server = await open(rig);
    const { job, result } = await server.run('slow');
    expect({ status: job!.status, result }).toEqual({ status: 'failed', result: 'begun\n' });
    expect(rig.project().outcomes('slow-1.json')[0]?.outcome).toEqual({ kind: 'timeout', seconds: 1.5 });
    expect(isAlive(Number(readFileSync(`${rig.ledger}/child`, 'utf8')))).toBe(false);
    await server.stop();
  });

  test('goes by its spec as it was when it was submitted', async ({ rig }) => {
    writeShellSpec(rig, 'changing', 'echo old');
    const server = await TestServer.start(rig);
    expect(await server.start('changing')).toEqual({ status: 'ok', created: 1 });
    writeShellSpec(rig, 'changing', 'echo new');
    expect(await server.start('changing')).toEqual({ status: 'ok', created: 2 });
    await server.hire();
    expect((await server.ended(1)).result).toBe('old\n');
    expect((await server.ended(2)).result).toBe('new\n');
    await server.stop();
  });

  test('is a job like others: it is shown, cancelled and retried by the other commands', async ({ rig }) => {
    writeControlledSpec(rig, 'long');
    const { jobs } = rig;
    const server = await open(rig);
    await server.start('long');
    await jobs.started('long-1.json');
    expect((await rig.run('fjr', ['cancel', 'long-1'])).code).toBe(0);
    expect((await server.ended(1)).job!.status).toBe('failed');
    expect((await rig.run('fjr', ['retry', 'long-1'])).code).toBe(0);
    (await jobs.started('long-1.json', 2)).exit(0);
    await waitUntil(
      'the new outcome is told',
      () => server.get(1),
      ({ job }) => job?.status === 'completed',
    );
    await server.stop();
  });

  test('goes on when its server ends, and is known to the next', async ({ rig }) => {
    writeControlledSpec(rig, 'long');
    const { jobs } = rig;
    const first = await TestServer.start(rig);
    await first.hire();
    await first.start('long');
    const job = await jobs.started('long-1.json');
    first.process.signal('SIGKILL');
    await first.process.ends();
    await job.print('still here\n');
    job.exit(0);
    const second = await TestServer.start(rig);
    expect(await second.ended(1)).toMatchObject({ job: { status: 'completed' }, result: 'still here\n' });
    expect(await second.start('long')).toEqual({ status: 'ok', created: 2 });
    (await jobs.started('long-2.json')).exit(0);
    await second.ended(2);
    await second.stop();
    for (const member of first.staff) await member.stop();
  });
});

describe('artifacts', () => {
  test('have the right type by their extension, and by their content if they have none', async ({ rig }) => {
    const png =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const contents: Record<string, Buffer> = {
      'page.html': Buffer.from('<p>'),
      'data.JSON': Buffer.from('{}'),
      'photo.webp': Buffer.from('x'),
      'module.wasm': Buffer.from('x'),
      picture: Buffer.from(png, 'base64'),
      archive: gzipSync('x'),
      document: Buffer.from('%PDF-1.7\n%âãÏÓ\n'),
      README: Buffer.from('Grüße, 日本\n'),
      'sub/Makefile': Buffer.from('all:\n\ttrue\n'),
      '.hidden': Buffer.from('text'),
      'odd.extension-of-nobody': Buffer.from([0, 1, 2, 255]),
      binary: Buffer.from([1, 2, 3, 0xff]),
      empty: Buffer.alloc(0),
    };
    const source = `${rig.directory}/source`;
    mkdirSync(`${source}/sub`, { recursive: true });
    for (const [name, content] of Object.entries(contents)) writeFileSync(`${source}/${name}`, content);
    writeShellSpec(rig, 'copy', `cp -r ${source}/. artifacts/`);
    const server = await open(rig);
    const { artifacts } = await server.run('copy');
    expect(Object.fromEntries(artifacts!.map(({ name, mime }) => [name, mime]))).toEqual({
      'page.html': 'text/html',
      'data.JSON': 'application/json',
      'photo.webp': 'image/webp',
      'module.wasm': 'application/wasm',
      picture: 'image/png',
      archive: 'application/gzip',
      document: 'application/pdf',
      README: 'text/plain',
      'sub/Makefile': 'text/plain',
      '.hidden': 'text/plain',
      'odd.extension-of-nobody': 'application/octet-stream',
      binary: 'application/octet-stream',
      empty: 'text/plain',
    });
    for (const { id, name, size } of artifacts!) {
      const file = await server.fetch(await server.linkTo(id));
      const bytes = Buffer.from(await file.arrayBuffer());
      expect({ name, same: bytes.equals(contents[name]!), size }).toEqual({
        ...{ name, same: true },
        size: contents[name]!.length,
      });
    }
    await server.stop();
  });

  test('are read as they are sent, and closed when nobody wants the rest', async ({ rig }) => {
    writeShellSpec(rig, 'large', 'truncate -s 200M artifacts/large.bin');
    const server = await open(rig);
    const { artifacts } = await server.run('large');
    const link = await server.linkTo(artifacts![0]!.id);
    const openOnes = (): string[] =>
      readdirSync(`/proc/${server.process.pid}/fd`).flatMap((fd) => {
        const path = `/proc/${server.process.pid}/fd/${fd}`;
        return existsSync(path) && readlinkSync(path).endsWith('large.bin') ? [fd] : [];
      });
    const head = await server.fetch(link, { method: 'HEAD' });
    expect(head.headers.get('Content-Length')).toBe(String(200 * 1024 * 1024));
    const [cut, whole] = [await server.fetch(link), await server.fetch(link)];
    expect(openOnes().length).toBeGreaterThan(0);
    await cut.body!.cancel();
    let bytes = 0;
    for await (const chunk of whole.body!) bytes += (chunk as Uint8Array).length;
    expect(bytes).toBe(200 * 1024 * 1024);
    await waitUntil('all are closed', openOnes, (fds) => fds.length === 0);
    const peak = Number(
      /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1],
    );
    expect(peak).toBeLessThan(250_000);
    expect(statSync(`${rig.project().root}/server/key`).mode & 0o777).toBe(0o600);
    await server.stop();
  });

  test('keep their numbers, with any server and however often they are asked for', async ({ rig }) => {
    writeShellSpec(rig, 'two', 'echo 1 > artifacts/a; echo 2 > artifacts/b');
    const first = await open(rig);
    const second = await TestServer.start(rig);
    await first.run('two');
    await first.start('two');
    await waitUntil(
      'both are done',
      () => rig.project().entries('done').length,
      (done) => done === 2,
    );
    // All at once, from both: the second job's artifacts are numbered by whoever is first.
    const answers = await Promise.all(
      [first, second, first, second].map(async (server) => (await server.get(2)).artifacts),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const numbers = [1, 2].map(async (id) =>
      (await second.get(id)).artifacts!.map((artifact) => artifact.id),
    );
    const all = (await Promise.all(numbers)).flat();
    expect(new Set(all).size).toBe(4);
    for (const id of all) expect((await second.fetch(await first.linkTo(id))).status).toBe(200);
    expect((await second.process.stop()).code).toBe(0);
    await first.stop();
  });

  test('lead nowhere else: not by links, not by a directory that is replaced, not by what is no file', async ({
    rig,
  }) => {
    const secret = `${rig.directory}/secret`;
    mkdirSync(secret);
    writeFileSync(`${secret}/key.txt`, 'secret');
    writeShellSpec(
      rig,
      'links',
      `cd artifacts; echo mine > real.txt; ln -s real.txt inside.txt; ln -s ${secret}/key.txt outside.txt; ln -s ${secret} directory; ln -s /proc/self/environ environ; ln -s . loop; mkfifo pipe; ln -s nowhere broken; mkdir shut; chmod 0 shut`,
    );
    writeShellSpec(rig, 'replaced', `rmdir artifacts; ln -s ${secret} artifacts`);
    writeShellSpec(rig, 'moved', `cd ..; mv "$OLDPWD" aside; ln -s ${rig.directory} "$OLDPWD"; exit 1`);
    writeShellSpec(rig, 'later', 'echo mine > artifacts/a.txt');
    const server = await open(rig);
    const { artifacts } = await server.run('links');
    expect(artifacts!.map(({ name }) => name)).toEqual(['inside.txt', 'real.txt']);
    for (const { id } of artifacts!)
      expect(await (await server.fetch(await server.linkTo(id))).text()).toBe('mine\n');
    expect((await server.run('replaced')).artifacts).toBeNull();
    expect((await server.run('moved')).artifacts).toBeNull();

    // What was a file when it was numbered, and is a link when it is fetched.
    const { artifacts: later } = await server.run('later');
    const link = await server.linkTo(later![0]!.id);
    const directory = workDirectories(rig).find((name) => name.startsWith('later'))!;
    await rig.run('ln', [
      '-sf',
      `${secret}/key.txt`,
      `${rig.project().root}/work/${directory}/artifacts/a.txt`,
    ]);
    expect((await server.fetch(link)).status).toBe(404);
    await server.stop();
  });

  test('are served under any name that a file can have', async ({ rig }) => {
    const names = [
      'a b',
      'quote".txt',
      "apostrophe'.txt",
      'grüße 日本 😀.txt',
      'back\\slash',
      'new\nline',
      '%2e%2e',
    ];
    names.push(
      'semi;colon=x',
      '-rf',
      '?query#fragment',
      'x'.repeat(255),
      '<script>alert(1)</script>'.replace('/', ''),
    );
    const source = `${rig.directory}/source`;
    mkdirSync(source);
    for (const name of names) writeFileSync(`${source}/${name}`, name);
    writeShellSpec(rig, 'copy', `cp ${source}/* artifacts/`.replace('cp ', 'cp -- '));
    const server = await open(rig);
    const { artifacts } = await server.run('copy');
    expect(artifacts!.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const { id, name } of artifacts!) {
      const response = await server.fetch(await server.linkTo(id));
      expect({ name, text: await response.text(), status: response.status }).toEqual({
        ...{ name, text: name },
        status: 200,
      });
      expect(response.headers.get('Content-Disposition')).toMatch(/^inline; filename/);
      expect(response.headers.get('Content-Security-Policy')).toBe('sandbox');
    }
    await server.stop();
  });
});
