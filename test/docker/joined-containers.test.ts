import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Background } from '../rig/background.js';
import { DecodeServer, specsOf } from '../rig/decode-server.js';
import { DockerRig, hasDocker } from '../rig/docker.js';
import { type Rig, dist, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** Of an engine without a network. */
function withoutWarnings(details: string): string {
  return details.replace(/^WARNING: .*\n/gm, '');
}

describe.skipIf(!hasDocker)('A worker of a DECODE server, in containers', () => {
  const engine = new DockerRig();
  let server: DecodeServer;
  beforeAll(async () => {
    await engine.up();
    server = await DecodeServer.start(`${engine.directory}/server`);
  }, 60_000);
  afterAll(async () => {
    await server.close();
    engine.down();
  });

  async function join(rig: Rig, ...args: string[]): Promise<Background> {
    server.jobs.clear();
    server.uploads.length = 0;
    const own = ['--api', server.url, '--path-base', `${rig.directory}/base`, '--gpus', '0'];
    const quick = ['--timeout-job', '0.1', '--timeout-status', '0.2'];
    const worker = rig.start('fjr-worker', [...own, ...quick, ...args], {
      env: { ACCESS_TOKEN: server.token, DOCKER_HOST: engine.env.DOCKER_HOST },
    });
    await worker.says('[fjr-worker] Works for ');
    return worker;
  }

  async function containers(count: number): Promise<void> {
    await waitUntil(
      `${count} containers`,
      () => engine.containers(),
      (names) => names.length === count,
      30,
    );
  }

  const { image } = engine;

  test('runs them with their files in /files, and the memory they ask for', async ({ rig }) => {
    const worker = await join(rig, '--memory', '1G');
    server.writeFile('in', 'hello\n');
    const script =
      'cat /files/data/in >/files/out/copy; echo "$A|$HOME|$ACCESS_TOKEN"; (cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max) 2>/dev/null; exit 3';
    server.submit(
      '1',
      specsOf([script], {
        image,
        env: { A: 'two\nlines' },
        down: { 'data/in': 'in' },
        up: { output: 'out' },
        hardware: { memory: 64 },
      }),
    );
    const [status, details] = (await server.ended('1')).words.at(-1)!;
    expect(status).toBe('error');
    expect(withoutWarnings(details)).toBe(`exit code 3\nLogs:\ntwo\nlines|/|\n${64 * 2 ** 20}\n`);
    expect(server.read('1', 'output/out/copy')).toBe('hello\n');
    await containers(0);
    await worker.stop();
  }, 60_000);

  test('honours an entrypoint, and what the image does by itself', async ({ rig }) => {
    const worker = await join(rig);
    server.submit('1', specsOf(['two words', '$HOME'], { image, entrypoint: '/bin/printf <%s>' }));
    expect((await server.ended('1')).status).toBe('finished');
    server.submit('2', specsOf(['-c', 'echo "$0"; exit 5', 'me'], { image, entrypoint: 'sh' }));
    const details = (await server.ended('2')).words.at(-1)![1];
    expect(withoutWarnings(details)).toBe('exit code 5\nLogs:\nme\n');
    // An image without a command.
    server.submit('3', specsOf(null, { image }));
    expect((await server.ended('3')).words.at(-1)![1]).toMatch(
      /^exit code 125\nLogs:\n.*[Nn]o command specified/s,
    );
    await worker.stop();
  }, 60_000);

  test('gets images, and says which it cannot get', async ({ rig }) => {
    const worker = await join(rig);
    const log = engine.docker.bind(engine);
    log('login', '--username', engine.user, '--password', engine.password, engine.registry);
    server.submit('1', specsOf(['true'], { image: `${engine.registry}/team/nothing:1` }));
    expect((await server.ended('1')).words.at(-1)![1]).toMatch(
      new RegExp(
        `^cannot get the image ${engine.registry}/team/nothing:1: .*(not found|unknown|denied|credentials)`,
      ),
    );
    server.submit('2', specsOf(['true'], { image: '--privileged' }));
    expect((await server.ended('2')).words.at(-1)![1]).toContain('handler.image_url is "--privileged"');
    server.submit('3', specsOf(['true'], { image }));
    expect((await server.ended('3')).status).toBe('finished');
    await worker.stop();
  }, 60_000);

  test('leaves no container of a job that was deleted, nor of a worker that was told to leave or killed', async ({
    rig,
  }) => {
    const worker = await join(rig);
    const sleeping = specsOf(['sleep 600'], { image });
    server.submit('1', sleeping);
    await containers(1);
    server.jobs.delete('1');
    await containers(0);
    server.submit('2', sleeping);
    await containers(1);
    await worker.stop();
    await containers(0);
    const next = await join(rig);
    server.submit('3', sleeping);
    await containers(1);
    next.signal('SIGKILL');
    await next.ends();
    await containers(0);
    // As after a crash of the whole host, where nobody was left to remove it.
    server.jobs.clear();
    const last = await join(rig);
    server.submit('4', sleeping);
    await containers(1);
    await last.stop();
    const name = readFileSync(`${rig.directory}/base/.fjr-worker/name`, 'utf8').trim();
    engine.docker('run', '--detach', '--label', `fjr.workplace=${name}`, image, 'sleep', '600');
    await containers(1);
    const successor = await join(rig);
    expect(engine.containers()).toEqual([]);
    await successor.stop();
    const base = `${rig.directory}/base`;
    expect(existsSync(base) ? readdirSync(base) : []).toEqual(['.fjr-worker']);
  }, 120_000);

  test('removes what a container has left, whoever it belongs to', async ({ rig }) => {
    server.jobs.clear();
    const directory = mkdtempSync('/tmp/fjr-nobody-');
    chownSync(directory, 65_534, 0);
    chmodSync(directory, 0o700);
    // The socket is its group's, and so must be the way to it.
    chmodSync(engine.directory, 0o710);
    const nobody = ['--reuid', '65534', '--regid', '0', '--clear-groups', process.execPath];
    const args = [
      '--api',
      server.url,
      '--path-base',
      `${directory}/base`,
      '--gpus',
      '0',
      '--timeout-job',
      '0.1',
    ];
    const worker = rig.start('setpriv', [...nobody, `${dist}/fjr-worker.js`, ...args], {
      env: {
        ...{ ACCESS_TOKEN: server.token, DOCKER_HOST: engine.env.DOCKER_HOST, FJR_HOME: rig.fjrHome },
        ...{ HOME: directory, TMPDIR: directory },
      },
      cwd: '/',
    });
    await worker.says('[fjr-worker] Works for ');
    const script = 'id -u; mkdir -p /files/deep/er; echo x >/files/deep/er/x; chmod 700 /files/deep; exit 3';
    server.submit('1', specsOf([script], { image }));
    expect(withoutWarnings((await server.ended('1')).words.at(-1)![1])).toBe('exit code 3\nLogs:\n0\n');
    await waitUntil(
      'it is gone',
      () => readdirSync(`${directory}/base`),
      (names) => names.length === 1,
    );
    await worker.stop();
    rmSync(directory, { recursive: true });
  }, 60_000);

  test('takes no jobs where there is no engine', async ({ rig }) => {
    const missing = await rig.run(
      'fjr-worker',
      ['--api', server.url, '--engine', 'no-such-engine', '--gpus', '0'],
      {
        env: { ACCESS_TOKEN: server.token },
      },
    );
    expect(missing.code).toBe(1);
    expect(missing.stderr).toBe(
      'fjr-worker: there is no no-such-engine on the PATH\nhint: install docker or podman; or run commands as they are, with --no-container\n',
    );
  });
});
