import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Line } from '../rig/line.js';
import { type Rig, test as base } from '../rig/rig.js';
import { S3Rig, configureStore, hasS3 } from '../rig/s3.js';
import { TestServer, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

const s3 = new S3Rig();

beforeAll(async () => {
  if (hasS3) await s3.up();
}, 120_000);

afterAll(() => {
  s3.down();
});

const test = base.extend<{ bucket: string; line: Line }>({
  // eslint-disable-next-line no-empty-pattern -- it is what vitest wants to see
  bucket: async ({}, use) => {
    await use(await s3.bucket());
  },
  // eslint-disable-next-line no-empty-pattern -- the same
  line: async ({}, use) => {
    const line = s3.line();
    await use(line);
    await line.close();
  },
});

/** What executions of jobs have left in the project. */
function work(rig: Rig): string[] {
  const path = `${rig.project().root}/work`;
  try {
    return existsSync(path) ? (readdirSync(path, { recursive: true }) as string[]).sort() : [];
  } catch {
    // It went away while it was listed.
    return work(rig);
  }
}

function kept(rig: Rig, directory: string): string[] {
  return readdirSync(`${rig.project().root}/server/${directory}`);
}

async function isEmptied(rig: Rig, seconds?: number): Promise<void> {
  await waitUntil(
    'all artifacts have gone to the store',
    () => work(rig),
    (seen) => seen.length === 0,
    seconds,
  );
}

async function says(server: TestServer, text: string): Promise<void> {
  await waitUntil(
    `the server says "${text}"`,
    () => server.process.stderr,
    (said) => said.includes(text),
  );
}

async function md5(url: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of (await fetch(url)).body ?? []) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Makes a file of so many MiB that has no two equal parts, and prints its digest. */
function makeLarge(rig: Rig, mebibytes: number): void {
  const script = `head -c ${mebibytes}M /dev/urandom > artifacts/large && md5sum < artifacts/large`;
  writeShellSpec(rig, 'large', script, 'Timeout = "1m"\n');
}

describe.skipIf(!hasS3)('a store', () => {
  test('takes artifacts when their job has ended, and serves them under their names', async ({
    rig,
    bucket,
  }) => {
    const files = [
      'echo one > artifacts/a.txt',
      'echo "<p>" > "artifacts/sub/ü \\"b%41.html"',
      ': > artifacts/empty',
    ];
    writeShellSpec(rig, 'makes', `mkdir artifacts/sub; ${files.join('; ')}`);
    configureStore(rig, s3, bucket, { Prefix: 'lab/fjr/' });
    const server = await TestServer.start(rig);
    await server.hire();
    const { artifacts } = await server.run('makes');
    await isEmptied(rig);
    const [entry] = readdirSync(`${rig.project().root}/done`);
    expect(await s3.keys(bucket)).toEqual(
      ['a.txt', 'empty', 'sub/ü "b%41.html'].map((name) => `lab/fjr/default/${entry!}/artifacts/${name}`),
    );

    const fetched = await Promise.all(
      artifacts!.map(async ({ id }) => {
        const answer = await server.fetch(`/artifacts/download?id=${id}`);
        const response = await fetch(answer.headers.get('Location')!);
        const header = (name: string): string | null => response.headers.get(name);
        return [answer.status, header('Content-Type'), header('Content-Disposition'), await response.text()];
      }),
    );
    expect(fetched).toEqual([
      [307, 'text/plain', 'inline; filename="a.txt"', 'one\n'],
      [307, 'text/plain', 'inline; filename="empty"', ''],
      [
        307,
        'text/html',
        `inline; filename="? _b_41.html"; filename*=UTF-8''%C3%BC%20%22b%2541.html`,
        '<p>\n',
      ],
    ]);
    // What is asked about later is answered as before.
    expect((await server.get(1)).artifacts).toEqual(artifacts);
    const link = await server.linkTo(artifacts![0]!.id);
    expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('7200');
    expect((await fetch(link.replace('a.txt?', 'empty?'))).status).toBe(403);
    await server.stop();
  });

  test('also takes what jobs left before it was configured, and leaves the rest of failed ones', async ({
    rig,
    bucket,
  }) => {
    writeShellSpec(
      rig,
      'makes',
      'echo x > artifacts/x; ln -s x artifacts/link; ln -s /etc/passwd artifacts/out',
    );
    writeShellSpec(rig, 'fails', 'echo x > artifacts/x; echo y > y; exit 1');
    const first = await TestServer.start(rig);
    await first.hire();
    const { artifacts } = await first.run('makes');
    const old = await first.linkTo(artifacts![0]!.id);
    await first.run('fails');
    await first.stop();

    configureStore(rig, s3, bucket);
    const second = await TestServer.start(rig);
    const left = await waitUntil(
      'artifacts have gone',
      () => work(rig),
      (seen) => seen.length === 5,
    );
    // What has no number stays: the link that leads out.
    expect(left.map((path) => path.replace(/@\w+/, ''))).toEqual([
      'fails-2.json',
      'fails-2.json/y',
      'makes-1.json',
      'makes-1.json/artifacts',
      'makes-1.json/artifacts/out',
    ]);
    expect((await s3.keys(bucket)).map((key) => key.replace(/@\w+/, ''))).toEqual([
      'default/fails-2.json/artifacts/x',
      'default/makes-1.json/artifacts/link',
      'default/makes-1.json/artifacts/x',
    ]);
    // A link that was made before leads on.
    const response = await fetch(`${second.url}${old}`);
    expect([response.url.startsWith(s3.endpoint), await response.text()]).toEqual([true, 'x\n']);
    await second.stop();
  });

  test('takes any name that a file can have', async ({ rig, bucket, line }) => {
    const names = [
      '+ +',
      'a&b=c?d#e',
      '%2e%2e%2f',
      '...',
      "'!(*)~$",
      '<>^`{|}',
      '日本 😀',
      'new\nline',
      ' ',
      '\\\\',
      'x'.repeat(250),
    ];
    writeShellSpec(
      rig,
      'makes',
      names
        .map(
          (name) =>
            `printf %s '${name.replaceAll("'", `'"'"'`)}' > artifacts/'${name.replaceAll("'", `'"'"'`)}'`,
        )
        .join('; '),
    );
    await line.open();
    configureStore(rig, s3, bucket, { Endpoint: line.url, PublicEndpoint: s3.endpoint });
    const server = await TestServer.start(rig);
    await server.hire();
    const { artifacts } = await server.run('makes');
    expect(artifacts!.map(({ name }) => name)).toEqual([...names].sort());
    await isEmptied(rig);
    for (const { id, name } of artifacts!) {
      const link = await server.linkTo(id);
      expect(link.startsWith(`${s3.endpoint}/`)).toBe(true);
      expect(await (await fetch(link)).text()).toBe(name);
    }
    expect(server.process.stderr).toBe('');
    await server.stop();
  });

  test('that is down gets artifacts when it is back; until then they are served from here', async ({
    rig,
    bucket,
    line,
  }) => {
    writeShellSpec(rig, 'makes', 'echo one > artifacts/one');
    await line.open();
    configureStore(rig, s3, bucket, { Endpoint: line.url });
    await line.close();
    const server = await TestServer.start(rig);
    await server.hire();
    const { job, artifacts } = await server.run('makes');
    expect(job?.status).toBe('completed');
    await says(server, `store ${line.url}/${bucket}: it cannot be reached (ECONNREFUSED); artifacts stay`);
    const link = await server.linkTo(artifacts![0]!.id);
    expect(link).toMatch(/^\/artifacts\/file\//);
    expect(await (await server.fetch(link)).text()).toBe('one\n');

    await line.open();
    await isEmptied(rig);
    await says(server, 'it does what it is asked for again');
    expect(await (await fetch(await server.linkTo(artifacts![0]!.id))).text()).toBe('one\n');
    await server.stop();
  });

  test('that refuses us is tried again until it does not', async ({ rig }) => {
    writeShellSpec(rig, 'makes', 'echo one > artifacts/one');
    const bucket = `late-${Date.now()}`;
    const key = `KEY${Date.now()}`;
    configureStore(rig, s3, bucket, { AccessKeyID: key, SecretAccessKey: 'right' });
    const first = await TestServer.start(rig);
    await first.hire();
    await first.run('makes');
    await says(first, `${bucket}: it does not accept the credentials (InvalidAccessKeyId); artifacts stay`);
    s3.allow(key, 'other');
    await says(first, 'it does not accept the credentials (SignatureDoesNotMatch)');
    s3.allow(key, 'right');
    await says(first, `it has no bucket "${bucket}"`);
    await s3.bucket(bucket);
    await isEmptied(rig, 60);
    expect(await s3.keys(bucket)).toHaveLength(1);
    await first.stop();
  });

  test('gets the rest of a large file from the next server, if the first one is killed', async ({
    rig,
    bucket,
    line,
  }) => {
    makeLarge(rig, 42);
    await line.open(24 * 1024 * 1024);
    configureStore(rig, s3, bucket, { Endpoint: line.url });
    const first = await TestServer.start(rig);
    await first.hire();
    const { result, artifacts } = await first.run('large');
    await says(first, 'it cannot be reached');
    expect(await s3.unfinished(bucket)).toHaveLength(1);
    first.process.signal('SIGKILL');
    await first.process.ends();
    await line.close();

    await line.open();
    const second = await TestServer.start(rig);
    await isEmptied(rig);
    // Two parts of 8 MiB at least had arrived.
    expect(line.sent).toBeLessThan(28 * 1024 * 1024);
    expect(await s3.unfinished(bucket)).toEqual([]);
    expect(`${await md5(await second.linkTo(artifacts![0]!.id))}  -\n`).toBe(result);
    await second.stop();
    for (const member of first.staff) await member.stop();
  });

  test('that never answers does not keep a server from its end', async ({ rig, bucket }) => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    writeShellSpec(rig, 'makes', 'echo one > artifacts/one');
    configureStore(rig, s3, bucket, {
      Endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    });
    const server = await TestServer.start(rig);
    await server.hire();
    const asked = new Promise((resolve) => silent.once('connection', resolve));
    await server.run('makes');
    await asked;
    const begun = performance.now();
    await server.stop();
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(work(rig).length).toBeGreaterThan(0);
    silent.close();
  });

  test('loses what is removed here, also what had only come in parts', async ({ rig, bucket, line }) => {
    writeShellSpec(rig, 'makes', 'echo one > artifacts/one; echo two > artifacts/two');
    makeLarge(rig, 20);
    await line.open();
    configureStore(rig, s3, bucket, { Endpoint: line.url });
    const first = await TestServer.start(rig);
    await first.hire();
    await first.run('makes');
    await isEmptied(rig);
    expect(await s3.keys(bucket)).toHaveLength(2);
    await line.close();
    await line.open(12 * 1024 * 1024);
    await first.run('large');
    await says(first, 'it cannot be reached');
    expect(await s3.unfinished(bucket)).toHaveLength(1);
    await first.stop();

    const second = await TestServer.start(rig, ['--no-auth', '--keep', '1s']);
    await waitUntil(
      'jobs are gone',
      () => [...rig.project().jobs('done'), ...kept(rig, 'stored'), ...kept(rig, 'artifacts')],
      (left) => left.length === 0,
    );
    expect(kept(rig, 'unwanted')).toHaveLength(2);
    await line.close();
    await line.open();
    await waitUntil(
      'objects are gone',
      async () => [...(await s3.keys(bucket)), ...(await s3.unfinished(bucket)), ...kept(rig, 'unwanted')],
      (left) => left.length === 0,
    );
    await second.stop();
  });

  test('is left nothing of what is removed here while it is being sent', async ({ rig, bucket, line }) => {
    makeLarge(rig, 20);
    await line.open();
    line.hold(12 * 1024 * 1024);
    configureStore(rig, s3, bucket, { Endpoint: line.url });
    const server = await TestServer.start(rig);
    await server.hire();
    await server.run('large');
    await waitUntil('it is being sent', () => line.isHolding, Boolean);
    expect(await s3.unfinished(bucket)).toHaveLength(1);
    await waitUntil(
      'gc removes the job',
      async () => (await rig.run('fjr', ['gc', '--older-than', '0.5s'])).stdout,
      () => rig.project().jobs('done').length === 0,
    );
    line.release();
    await waitUntil(
      'nothing is left',
      async () => [...(await s3.keys(bucket)), ...(await s3.unfinished(bucket)), ...kept(rig, 'unwanted')],
      (left) => left.length === 0,
    );
    await server.stop();
    expect([await s3.keys(bucket), await s3.unfinished(bucket)]).toEqual([[], []]);
  });

  test('gets the rest from the next server if one is told to end meanwhile, which it does soon', async ({
    rig,
    bucket,
    line,
  }) => {
    makeLarge(rig, 20);
    await line.open();
    line.hold(12 * 1024 * 1024);
    configureStore(rig, s3, bucket, { Endpoint: line.url });
    const first = await TestServer.start(rig);
    await first.hire();
    const { result, artifacts } = await first.run('large');
    await waitUntil('it is being sent', () => line.isHolding, Boolean);
    const begun = performance.now();
    await first.stop();
    expect(performance.now() - begun).toBeLessThan(10_000);
    line.release();
    const second = await TestServer.start(rig);
    await isEmptied(rig);
    expect(await s3.unfinished(bucket)).toEqual([]);
    expect(`${await md5(await second.linkTo(artifacts![0]!.id))}  -\n`).toBe(result);
    expect(second.process.stderr).toBe('');
    await second.stop();
  });

  test('is asked by fjr gc, too, to remove what goes', async ({ rig, bucket }) => {
    writeShellSpec(rig, 'makes', 'echo one > artifacts/one');
    configureStore(rig, s3, bucket);
    const server = await TestServer.start(rig);
    await server.hire();
    await server.run('makes');
    await isEmptied(rig);
    await waitUntil(
      'gc removes it',
      async () => (await rig.run('fjr', ['gc', '--older-than', '0.5s'])).stdout,
      () => rig.project().jobs('done').length === 0,
    );
    await waitUntil(
      'the object is gone',
      () => s3.keys(bucket),
      (keys) => keys.length === 0,
    );
    await server.stop();
  });

  test('that is not configured any more is named, and keeps what it has until it is again', async ({
    rig,
    bucket,
  }) => {
    writeShellSpec(rig, 'makes', 'echo one > artifacts/one');
    configureStore(rig, s3, bucket);
    const first = await TestServer.start(rig);
    await first.hire();
    const { artifacts } = await first.run('makes');
    await isEmptied(rig);
    await first.stop();
    rmSync(`${rig.project().root}/config.toml`);
    const second = await TestServer.start(rig);
    const { id } = artifacts![0]!;
    const complaint = {
      status: 'error',
      error: 'artifact_elsewhere',
      message: `artifact ${id} is in ${s3.endpoint}/${bucket}, which is not the store that this server is configured with`,
    };
    const answer = await second.fetch(`/artifacts/download?id=${id}`);
    expect([answer.status, await answer.json()]).toEqual([200, complaint]);
    await second.stop();

    configureStore(rig, s3, await s3.bucket());
    const third = await TestServer.start(rig, ['--no-auth', '--keep', '1s']);
    await says(third, 'speaks of another store, whose objects stay');
    await third.stop();
    expect(await s3.keys(bucket)).toHaveLength(1);
    configureStore(rig, s3, bucket);
    const last = await TestServer.start(rig);
    await waitUntil(
      'the object is gone',
      async () => [...(await s3.keys(bucket)), ...kept(rig, 'unwanted')],
      (left) => left.length === 0,
    );
    await last.stop();
  });

  test('gets all of many, and nothing is said', async ({ rig, bucket }) => {
    writeShellSpec(
      rig,
      'many',
      'i=0; while [ $i -lt 300 ]; do echo $i > artifacts/$i; i=$((i+1)); done',
      'Timeout = "1m"\n',
    );
    configureStore(rig, s3, bucket);
    const server = await TestServer.start(rig);
    await server.hire();
    const begun = performance.now();
    await server.run('many');
    await isEmptied(rig);
    console.log(`300 artifacts: ${Math.round(performance.now() - begun)} ms from submission`);
    expect(await s3.keys(bucket)).toHaveLength(300);
    // Nothing was said: no warnings of leaks either.
    expect(server.process.stderr).toBe('');
    await server.stop();
  });

  test.skipIf(process.env['FJR_LARGE_ARTIFACTS'] === undefined)(
    'gets 2 GB from a server that needs less than 300 MB of memory',
    { timeout: 300_000 },
    async ({ rig, bucket }) => {
      writeShellSpec(
        rig,
        'huge',
        'truncate -s 2G artifacts/huge; echo end >> artifacts/huge',
        'Timeout = "1m"\n',
      );
      configureStore(rig, s3, bucket);
      const server = await TestServer.start(rig);
      await server.hire();
      const { artifacts } = await server.run('huge');
      const begun = performance.now();
      await isEmptied(rig, 240);
      const seconds = (performance.now() - begun) / 1000;
      const status = readFileSync(`/proc/${server.process.pid}/status`, 'utf8');
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
      console.log(`2 GB: ${seconds.toFixed(1)} s, at most ${peak.toFixed(0)} MB`);
      expect(peak).toBeLessThan(300);
      const link = await server.linkTo(artifacts![0]!.id);
      const end = await fetch(link, { headers: { Range: 'bytes=-4' } });
      expect([end.status, await end.text()]).toEqual([206, 'end\n']);
      await server.stop();
    },
  );
});
