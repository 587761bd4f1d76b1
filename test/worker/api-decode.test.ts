import { existsSync, readdirSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { Background } from '../rig/background.js';
import { controlledProgram } from '../rig/controlled-job.js';
import { DecodeServer, specsOf } from '../rig/decode-server.js';
import { type Rig, test as base } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

interface Door {
  readonly server: DecodeServer;
  /** A worker of the server's that runs commands as they are. */
  join(args?: readonly string[], env?: Record<string, string>): Promise<Background>;
  /** Names of what lies where jobs have their directories. */
  readonly directories: () => string[];
}

const test = base.extend<{ door: Door }>({
  door: async ({ rig }, use) => {
    const server = await DecodeServer.start(`${rig.directory}/server`);
    const path = `${rig.directory}/base`;
    await use({
      server,
      directories: () => (existsSync(path) ? readdirSync(path).filter((name) => name !== '.fjr-worker') : []),
      join: async (args = [], env = {}) => {
        const own = ['--api', server.url, '--path-base', path, '--no-container', '--gpus', '0'];
        const quick = ['--timeout-job', '0.1', '--timeout-status', '0.2'];
        const worker = rig.start('fjr-worker', [...own, ...quick, ...args], {
          env: { ACCESS_TOKEN: server.token, ...env },
        });
        await worker.says('[fjr-worker] Works for ');
        return worker;
      },
    });
    await server.close();
  },
});

/** A command that the test controls. `name` is how the test asks for it. */
function controlled(name: string): string[] {
  return [`FJR_JOB=${name}`, process.execPath, controlledProgram];
}

function startedBy(rig: Rig, name: string): ReturnType<Rig['jobs']['started']> {
  return rig.jobs.started(name);
}

describe('A worker of a DECODE server', () => {
  test('fetches what a job needs, runs it, and sends what it leaves', async ({ door }) => {
    const { server } = door;
    server.writeFile('alice/data/in.csv', 'a,b\n');
    // Ids of files are what servers make of them: absolute paths, addresses of S3.
    server.writeFile('s3://bucket/alice/a b%20?.yaml', 'x: 1\n');
    const worker = await door.join();
    server.submit(
      '17',
      specsOf(
        ['cat', 'data/in.csv', 'config.yaml', '>', 'output/sub/both;', 'echo', '"$WHO"', '>log/l.txt'],
        {
          env: { WHO: "it's\nme" },
          down: { 'data/in.csv': '/alice/data/in.csv', 'config.yaml': 's3://bucket/alice/a b%20?.yaml' },
          up: { output: 'output/sub', log: 'log', artifact: 'nothing' },
        },
      ),
    );
    expect((await server.ended('17')).words).toEqual([
      ['preprocessing', ''],
      ['running', ''],
      ['postprocessing', ''],
      ['finished', ''],
    ]);
    expect(server.read('17', 'output/output/sub/both')).toBe('a,b\nx: 1\n');
    expect(server.read('17', 'log/log/l.txt')).toBe("it's\nme\n");
    await waitUntil('its directory is gone', door.directories, (names) => names.length === 0);
    await worker.stop();
  });

  test('tells how a job failed, and sends what it left all the same', async ({ door }) => {
    const { server } = door;
    const worker = await door.join();
    server.submit(
      '1',
      specsOf(['echo kept >out/x; seq 1 2000; echo the end >&2; exit 7'], { up: { output: 'out' } }),
    );
    const { words } = await server.ended('1');
    const [status, details] = words.at(-1)!;
    expect(status).toBe('error');
    expect(details).toMatch(/^exit code 7\nLogs:\n[\s\S]*\n1999\n2000\nthe end\n$/);
    expect(details).toHaveLength('exit code 7\nLogs:\n'.length + 1000);
    expect(server.read('1', 'output/out/x')).toBe('kept\n');
    await worker.stop();
  });

  test('kills a job that was deleted, and leaves nothing of it', async ({ rig, door }) => {
    const { server } = door;
    const worker = await door.join();
    server.submit('5', specsOf(controlled('five'), { up: { output: 'out' } }));
    const job = await startedBy(rig, 'five');
    const child = await job.spawn();
    await server.is('5', 'running');
    server.jobs.delete('5');
    await waitUntil(
      'it is dead',
      () => [job.isAlive(), existsSync(`/proc/${child}`), door.directories()],
      ([itself, grandchild, left]) => !itself && !grandchild && (left as string[]).length === 0,
    );
    expect(server.uploads).toEqual([]);
    // It goes on.
    server.submit('6', specsOf(['true']));
    await server.ended('6');
    await worker.stop();
  });

  test('runs as many at once as there is room for, and offers what is left', async ({ rig, door }) => {
    const { server } = door;
    const worker = await door.join(['--cpus', '4', '--memory', '1000M']);
    await waitUntil(
      'it asks',
      () => server.offers.length,
      (count) => count > 0,
    );
    expect(server.offers[0]).toEqual({ memory: '1000', cpu_cores: '4', gpu_mem: '0', limit: '1' });
    server.submit('1', specsOf(controlled('one'), { hardware: { cpu_cores: 3, memory: 400 } }));
    const one = await startedBy(rig, 'one');
    await waitUntil(
      'it offers what is left',
      () => server.offers.at(-1),
      (offer) => offer?.['cpu_cores'] === '1' && offer['memory'] === '600',
    );
    server.submit('2', specsOf(controlled('two'), { hardware: { memory: 600 } }));
    const two = await startedBy(rig, 'two');
    const asked = server.offers.length;
    one.exit(0);
    await server.ended('1');
    await waitUntil(
      'it asks again',
      () => server.offers.length,
      (count) => count > asked,
    );
    expect(server.offers[asked]).toMatchObject({ memory: '400', cpu_cores: '3' });
    two.exit(0);
    await server.ended('2');
    await worker.stop();
  });

  test('ends what makes no sense with a reason, and goes on', async ({ door }) => {
    const { server } = door;
    server.writeFile('x', 'x');
    const worker = await door.join();
    const rows: [unknown, RegExp][] = [
      [null, /app\.cmd is missing/],
      ['nonsense', /the job is "nonsense" \(expected an object\)/],
      [specsOf(['true'], { down: { '../../../etc/x': 'x' } }), /"\.\.\/\.\.\/\.\.\/etc\/x" leads upwards/],
      [specsOf(['true'], { down: { '/etc/x': 'x' } }), /"\/etc\/x" is absolute/],
      [
        specsOf(['true'], { down: { a: 'x', 'a/b': 'x' } }),
        /cannot (make .*\/a: EEXIST|keep the file x: EISDIR)/,
      ],
      [specsOf(['true'], { up: { output: '../x' } }), /"\.\.\/x" leads upwards/],
      [
        specsOf(['true'], { up: { everything: '.' } }),
        /names "everything" \(expected output, log or artifact\)/,
      ],
      [specsOf(['true'], { down: { a: 'not/there' } }), /the input a \(not\/there\) did not come: .*404/],
      [specsOf(['true'], { down: { a: 'not/../there' } }), /no server has files of such an id/],
      [specsOf(['true'], { env: { 'A B': 'x' } }), /app\.env names the variable "A B"/],
      [
        specsOf(['true'], { hardware: { cpu_cores: 'many' } }),
        /hardware\.cpu_cores is "many" \(expected a number/,
      ],
      [specsOf(['true'], { hardware: { cpu_cores: 1e6 } }), /it needs 1000000 CPUs, and this worker has \d/],
      [
        specsOf(['true'], { hardware: { gpu_model: 'H100' } }),
        /it needs a GPU \(H100\), and this worker has none/,
      ],
      [{ ...specsOf(['true']), when: 'midnight' }, /does not know what when asks for/],
      [{ ...specsOf(['true']), meta: { fjr: { kind: 'dance' } } }, /meta\.fjr\.kind is "dance"/],
    ];
    for (const [index, [specs, reason]] of rows.entries()) {
      const id = String(100 + index);
      server.submit(id, specs);
      const { words } = await server.ended(id);
      expect(words.at(-1)![0]).toBe('error');
      expect(words.at(-1)![1]).toMatch(reason);
    }
    server.submit('good', specsOf(['true']));
    expect((await server.ended('good')).status).toBe('finished');
    await waitUntil('no directory is left', door.directories, (names) => names.length === 0);
    await worker.stop();
  }, 90_000);

  test('sends no file that lies elsewhere, whatever links a job makes', async ({ rig, door }) => {
    const { server } = door;
    const worker = await door.join();
    const script = `ln -s /etc/passwd out/secret; ln -s /etc out/etc; echo x >out/real; ln -s real out/alias; mkfifo out/pipe; rm -r evil; ln -s ${rig.directory} evil`;
    server.submit('1', specsOf([script], { up: { output: 'out', artifact: 'evil' } }));
    await server.ended('1');
    expect(server.uploads.sort()).toEqual(['up/1/output/out/alias', 'up/1/output/out/real']);
    await worker.stop();
  });

  test('goes on from where a download was cut off, and fetches nothing twice', async ({ door }) => {
    const { server } = door;
    const content = Buffer.alloc(3_000_000, 'all work and no play ');
    server.writeFile('big', content);
    server.cuts.push(1_000_000, 500_000);
    const worker = await door.join();
    const specs = specsOf(['wc -c <big; cat big >out/copy; echo changed >>big'], {
      down: { big: 'big' },
      up: { output: 'out' },
    });
    server.submit('1', specs);
    await server.ended('1');
    expect(server.read('1', 'output/out/copy')).toBe(content.toString());
    const ranges = server.downloads.map(([, range]) => Number(/\d+/.exec(range)?.[0] ?? 0));
    expect(ranges).toEqual([0, ranges[1], ranges[2]]);
    expect(ranges[1]).toBeGreaterThan(500_000);
    expect(ranges[2]).toBeGreaterThan(ranges[1]!);
    // The second time its content is at hand, as it came.
    server.cuts.push(100_000);
    server.submit('2', specs);
    await server.ended('2');
    expect(server.downloads).toHaveLength(4);
    expect(server.read('2', 'output/out/copy')).toBe(content.toString());
    await worker.stop();
  });

  test('lets jobs run on while the server is away', async ({ rig, door }) => {
    const { server } = door;
    const worker = await door.join();
    server.submit('1', specsOf(controlled('one')));
    const job = await startedBy(rig, 'one');
    await server.is('1', 'running');
    await server.close();
    await waitUntil(
      'it is missed',
      () => worker.stderr,
      (text) => text.includes('The server does not answer'),
    );
    await job.print('still here\n');
    job.exit(3);
    await server.listen();
    expect((await server.ended('1')).words.at(-1)).toEqual(['error', 'exit code 3\nLogs:\nstill here\n']);
    await worker.stop();
  });

  test('gives back what runs when it is told to leave; with --drain it lets it end', async ({
    rig,
    door,
  }) => {
    const { server } = door;
    const worker = await door.join();
    server.submit('1', specsOf(controlled('one')));
    const one = await startedBy(rig, 'one');
    expect(await worker.stop()).toMatchObject({ code: 0 });
    expect(one.isAlive()).toBe(false);
    expect(server.jobs.get('1')?.words.at(-1)).toEqual(['queued', 'the worker has left']);
    expect(door.directories()).toEqual([]);
    server.jobs.clear();
    const other = await door.join(['--drain']);
    server.submit('2', specsOf(controlled('two')));
    const two = await startedBy(rig, 'two');
    other.signal('SIGTERM');
    server.submit('3', specsOf(['true']));
    await two.print('x');
    two.exit(0);
    expect((await server.ended('2')).status).toBe('finished');
    expect(await other.ends()).toMatchObject({ code: 0 });
    expect(server.jobs.get('3')?.status).toBe('queued');
  });

  test('leaves nothing running when it is killed, and its successor nothing lying around', async ({
    rig,
    door,
  }) => {
    const { server } = door;
    const worker = await door.join();
    server.submit('1', specsOf(controlled('one')));
    const one = await startedBy(rig, 'one');
    const child = await one.spawn();
    worker.signal('SIGKILL');
    await worker.ends();
    await waitUntil(
      'its job is dead',
      () => [one.isAlive(), existsSync(`/proc/${child}`)],
      (alive) => !alive.includes(true),
    );
    expect(door.directories()).toEqual(['1']);
    server.jobs.clear();
    const next = await door.join();
    expect(door.directories()).toEqual([]);
    const second = await rig.run(
      'fjr-worker',
      ['--api', server.url, '--path-base', `${rig.directory}/base`],
      {
        env: { ACCESS_TOKEN: server.token },
      },
    );
    expect(second.code).toBe(5);
    expect(second.stderr).toMatch(
      /another worker \(process \d+ on .*\) works in .*\/base\nhint: .*--path-base/,
    );
    await next.stop();
  });

  test('shows jobs none of what lets it in, and says when it is not let in', async ({ rig, door }) => {
    const { server } = door;
    const worker = await door.join([], { PASSWORD: 'p4ss' });
    server.submit('1', specsOf(['env']));
    server.submit('2', specsOf(['env >&2; exit 1']));
    const { words } = await server.ended('2');
    expect(words.at(-1)![1]).not.toMatch(/ACCESS_TOKEN|PASSWORD/);
    expect(words.at(-1)![1]).toContain('FJR_');
    await worker.stop();
    const wrong = await rig.run('fjr-worker', ['--api', server.url, '--no-container'], {
      env: { ACCESS_TOKEN: 'wrong' },
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('does not accept our token');
  });
});
