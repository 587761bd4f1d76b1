import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { DockerRig, hasDocker } from '../rig/docker.js';
import { outcomesOf } from '../rig/fan-out.js';
import { processesWith, signal } from '../rig/processes.js';
import type { Rig } from '../rig/rig.js';
import { type SshHosts, canHaveHosts, test } from '../rig/ssh-hosts.js';
import { waitUntil } from '../rig/wait-until.js';

describe.skipIf(!hasDocker || !canHaveHosts)('Containers on hosts that have ssh and docker', () => {
  const engine = new DockerRig();
  beforeAll(async () => {
    await engine.up();
  }, 60_000);
  afterAll(() => {
    engine.down();
  });

  /** A host whose programs find the engine, and have nothing else of this one's environment. */
  async function start(hosts: SshHosts, name: string): Promise<void> {
    const docker = `DOCKER_HOST=${engine.env.DOCKER_HOST} HOME=${hosts.home} TMPDIR=${hosts.home}`;
    await hosts.start(name, { config: `SetEnv ${docker}` });
  }

  function write(rig: Rig, hosts: SshHosts, lines: readonly string[], text: string): string {
    writeFileSync(`${rig.directory}/workers.txt`, `${lines.join('\n')}\n`);
    const file = `${rig.directory}/fjr.yaml`;
    const workers = `workers:\n  file:\n    path: workers.txt\n    format: eachLine\n  ssh:\n    privateKey: ${hosts.directory}/id.pub\n    options: [-F, ${hosts.directory}/config]\n`;
    writeFileSync(file, `${text}${workers}`);
    return file;
  }

  async function containers(count: number, seconds = 20): Promise<void> {
    await waitUntil(
      `${count} containers`,
      () => engine.containers(),
      (names) => names.length === count,
      seconds,
    );
  }

  test('run as the file of FancyJobRunner says: from a private registry, an input on each line, no secret left', async ({
    rig,
    hosts,
  }) => {
    await start(hosts, 'alpha');
    await start(hosts, 'beta');
    writeFileSync(`${rig.directory}/input.txt`, 'one\ntwo words\nthree "3"\n$four\n');
    writeFileSync(`${rig.directory}/proxies.txt`, 'p1\np2\n');
    const file = write(
      rig,
      hosts,
      ['root@alpha', 'root@beta', 'root@beta'],
      `docker:
  image: ${engine.registry}/team/bb:1
  registry:
    server: ${engine.registry}
    user: ${engine.user}
    password: {{ Env "PASSWORD" }}
  environment:
    TOKEN: {{ Env "TOKEN" }}
    SEVERAL: "two\\nlines"
command: [sh, -c, 'echo "$INPUT|$TOKEN|$SEVERAL|$TASK_RESOURCE_PROXY|$FJR_RUN_ID"; exit "$((FJR_TASK_INDEX == 3 ? 255 : 0))"']
input:
  file:
    path: input.txt
    format: eachLine
task_resources:
  - PROXY:
      file:
        path: proxies.txt
        format: eachLine
memory: 64M
`,
    );
    const env = { PASSWORD: engine.password, TOKEN: 't0ken: "\'x' };
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file], { env });
    expect(stderr).toContain('1 of 4 tasks failed');
    expect(code).toBe(3);
    const project = rig.project();
    const directory = `${project.root}/failed/${project.entries('failed')[0]!}`;
    const id = /-(\w{10})\.run/.exec(stdout)![1]!;
    for (const [task, input] of ['one', 'two words', 'three "3"', '$four'].entries())
      expect(outcomesOf(directory).output(task)).toMatch(
        new RegExp(`^${input.replace('$', '\\$')}\\|t0ken: "'x\\|two\nlines\\|p[12]\\|${id}\n$`),
      );
    expect((await rig.run('fjr', ['show', project.jobs('failed')[0]!])).stdout).toContain(
      'task 3 ($four): exit code 255',
    );
    expect(engine.containers()).toEqual([]);
    // Once for each host; both have one directory here.
    const state = `${hosts.home}/fjr-0-containers/${id}`;
    expect(readdirSync(state).sort()).toEqual(['lock', 'pulled', 'trouble']);
    expect(readFileSync(`${state}/trouble`, 'utf8')).not.toContain(engine.password);
    engine.docker('rmi', `${engine.registry}/team/bb:1`);
  }, 90_000);

  test('are gone when the run is cancelled, times out, loses its crew, or its connection', async ({
    rig,
    hosts,
  }) => {
    await start(hosts, 'alpha');
    const run = (name: string, rest = ''): ReturnType<Rig['start']> =>
      rig.start('fjr', [
        'run',
        write(
          rig,
          hosts,
          ['root@alpha'],
          `name: ${name}\ndocker: { image: ${engine.image}, pull: never }\ncommand: [sleep, "600"]\ninput: [a]\n${rest}`,
        ),
      ]);
    const timed = run('timed', 'timeout: 2s\n');
    await containers(1);
    expect((await timed.ends(30)).code).toBe(3);
    await containers(0);
    const cancelled = run('cancelled');
    await containers(1);
    await rig.run('fjr', ['cancel', '--all']);
    expect((await cancelled.ends(30)).code).toBe(3);
    await containers(0);
    const lost = run('lost');
    await containers(1);
    const [first] = engine.containers();
    hosts.killSessions('alpha');
    await waitUntil(
      'another container does the same task',
      () => engine.containers(),
      (names) => names.length === 1 && names[0] !== first,
      20,
    );
    const crew = processesWith('FJR_HOME', rig.fjrHome).find(({ command }) => command.includes('--for-run'));
    signal(crew!.pid, 'SIGKILL');
    await containers(0);
    await lost.ends(30);
  }, 120_000);

  test('are removed later, too, when the engine was slow to make them', async ({ rig, hosts }) => {
    const [slow, made] = [`${rig.directory}/slow-docker`, `${rig.directory}/made`];
    const later = `(sleep 3; docker create --cidfile ${made} "$@") </dev/null >/dev/null 2>&1`;
    // It makes the container when whoever asked for it is gone.
    const run600 = `shift; setsid sh -c '${later}' sh --name "$4" ${engine.image} sleep 600 & exec sleep 600`;
    writeFileSync(slow, `#!/bin/sh\nif [ "$1" = run ]; then ${run600}; fi\nexec docker "$@"\n`, {
      mode: 0o700,
    });
    await start(hosts, 'alpha');
    const run = rig.start('fjr', [
      'run',
      write(
        rig,
        hosts,
        ['root@alpha'],
        `docker: { image: ${engine.image}, pull: never, engine: ${slow} }\ncommand: [sleep, "600"]\ninput: [a]\ntimeout: 1s\n`,
      ),
    ]);
    expect((await run.ends(30)).code).toBe(3);
    await waitUntil(
      'it is made',
      () => existsSync(made),
      (isThere) => isThere,
      30,
    );
    await containers(0, 60);
  }, 120_000);
});
