import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { DockerRig, hasDocker } from '../rig/docker.js';
import { outcomesOf } from '../rig/fan-out.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

describe.skipIf(!hasDocker)('Tasks in containers', () => {
  const engine = new DockerRig();
  beforeAll(async () => {
    await engine.up();
  }, 60_000);
  afterAll(() => {
    engine.down();
  });

  async function run(rig: Rig, text: string, env: Record<string, string> = {}): ReturnType<Rig['run']> {
    const file = `${rig.directory}/fjr.yaml`;
    writeFileSync(file, text);
    return rig.run('fjr', ['run', file], { env: { DOCKER_HOST: engine.env.DOCKER_HOST, ...env } });
  }

  function finished(rig: Rig, place: 'done' | 'failed' = 'done'): ReturnType<typeof outcomesOf> {
    const project = rig.project();
    return outcomesOf(`${project.root}/${place}/${project.entries(place)[0]!}`);
  }

  test('get their variables exactly, several lines included', async ({ rig }) => {
    const value = 'two\nlines, a "quote" and $x';
    const { code, stderr } = await run(
      rig,
      `docker: { image: ${engine.image}, pull: never, environment: { SECRET: '{{ Env "SECRET" }}', PATH: /bin } }
command: [sh, -c, 'echo "$SECRET|$INPUT|$FJR_TASK_INDEX|$1"; echo problem >&2', sh, "<{}>"]
input: ["a b", "it's"]
workers: { local: 2 }
`,
      { SECRET: value },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const outcomes = finished(rig);
    expect([0, 1].map((task) => outcomes.output(task))).toEqual([
      `${value}|a b|0|<a b>\n`,
      `${value}|it's|1|<it's>\n`,
    ]);
    expect(engine.containers()).toEqual([]);
  }, 60_000);

  test('tell their exit code, and what the engine says when there is no such image', async ({ rig }) => {
    const failed = await run(
      rig,
      `docker: { image: ${engine.image}, pull: never }\ncommand: exit 7\ninput: [a]\nworkers: { local: 1 }\n`,
    );
    expect(failed.code).toBe(3);
    const name = /^\S+/.exec(failed.stdout)![0].slice(0, -1);
    expect((await rig.run('fjr', ['show', name])).stdout).toContain('task 0 (a): exit code 7');
    const missing = await run(
      rig,
      `name: missing\ndocker: { image: 'fjr-test/nothing:1', pull: never }\ninput: [a]\nworkers: { local: 1 }\n`,
    );
    expect(missing.code).toBe(3);
    const other = /^\S+/.exec(missing.stdout)![0].slice(0, -1);
    expect((await rig.run('fjr', ['logs', `${other}/0`])).stderr).toMatch(/nothing:1/);
  }, 60_000);

  test('see the file of the shard that they are, whoever they are', async ({ rig }) => {
    const { code, stderr } = await run(
      rig,
      `name: 'a,b "c'
docker: { image: ${engine.image}, pull: never, options: [--user, '1234'] }
command: 'echo "$FJR_SHARD $(cat "$FJR_SHARD_FILE" | wc -l) $(tail -n 1 "$FJR_SHARD_FILE")"'
input: { range: 1..10 }
shards: 3
workers: { local: 1 }
`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect([0, 1, 2].map((task) => finished(rig).output(task))).toEqual(['0 4 4\n', '1 3 7\n', '2 3 10\n']);
  }, 60_000);

  test('have the memory that they are given, and no more', async ({ rig }) => {
    const { code } = await run(
      rig,
      `docker: { image: ${engine.image}, pull: never }
command: 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'
input: [a]
memory: 64M
workers: { local: 1 }
`,
    );
    expect(code).toBe(0);
    expect(finished(rig).output(0)).toBe(`${64 * 2 ** 20}\n`);
  }, 60_000);

  test('come from a private registry: logged in once, with the password on standard input, and out again', async ({
    rig,
  }) => {
    const text = `docker:
  image: ${engine.registry}/team/bb:1
  registry:
    server: ${engine.registry}
    user: ${engine.user}
    password: {{ Env "REGISTRY_PASSWORD" }}
command: echo $INPUT
input: { range: 1..6 }
workers: { local: 3 }
`;
    const right = await run(rig, text, { REGISTRY_PASSWORD: engine.password });
    expect(right).toMatchObject({ code: 0, stderr: '' });
    expect(finished(rig).accepted.size).toBe(6);
    const state = `${rig.directory}/tmp/fjr-0-containers`;
    expect(readdirSync(state)).toHaveLength(1);
    expect(readdirSync(`${state}/${readdirSync(state)[0]!}`).sort()).toEqual(['lock', 'pulled', 'trouble']);
    expect(existsSync(`${rig.directory}/home/.docker`)).toBe(false);
    engine.docker('rmi', `${engine.registry}/team/bb:1`);
    const wrong = await run(rig, text.replace('1..6', '1..2'), { REGISTRY_PASSWORD: 'wrong' });
    expect(wrong.code).toBe(3);
    const name = /^\S+/.exec(wrong.stdout)![0].slice(0, -1);
    const log = (await rig.run('fjr', ['logs', `${name}/0`])).stderr;
    expect(log).toMatch(/unauthorized/i);
    expect(log).toContain(`fjr: cannot get the image ${engine.registry}/team/bb:1`);
  }, 60_000);

  test('are gone when a run is cancelled, times out, or loses its crew to SIGKILL', async ({ rig }) => {
    const text = (name: string): string =>
      `name: ${name}\ndocker: { image: ${engine.image}, pull: never }\ncommand: [sleep, "600"]\ninput: [a]\n`;
    const env = { DOCKER_HOST: engine.env.DOCKER_HOST };
    const running = async (count: number): Promise<unknown> =>
      waitUntil(
        `${count} containers`,
        () => engine.containers(),
        (names) => names.length === count,
        20,
      );
    const crew = await rig.startCrew(['--workers', '1'], { env });
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const file = `${rig.directory}/fjr.yaml`;
    writeFileSync(file, text('one'));
    const { stdout } = await rig.run('fjr', ['submit', file]);
    await running(1);
    await rig.run('fjr', ['cancel', stdout.trim()]);
    await running(0);
    writeFileSync(file, `${text('two')}timeout: 1s\n`);
    await rig.run('fjr', ['submit', file]);
    await running(1);
    await running(0);
    writeFileSync(file, text('three'));
    await rig.run('fjr', ['submit', file]);
    await running(1);
    dispatcher.signal('SIGTERM');
    await dispatcher.ends();
    crew.signal('SIGKILL');
    await crew.ends();
    await running(0);
  }, 90_000);
});
