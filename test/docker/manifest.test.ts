import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { DockerRig, hasDocker } from '../rig/docker.js';
import { outcomesOf } from '../rig/fan-out.js';
import { type Rig, test } from '../rig/rig.js';

const script = `
shm=$(busybox df -k /dev/shm | busybox awk 'END { print $2 }')
memory=$(busybox cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || busybox cat /sys/fs/cgroup/memory.max)
echo "$RANK of $WORLD_SIZE $REPLICATED_JOB_NAME-$JOB_INDEX $shm $memory"
`;

describe.skipIf(!hasDocker)('A manifest of ranks in containers', () => {
  const docker = new DockerRig();
  beforeAll(async () => {
    await docker.up({ registry: false });
  }, 60_000);
  afterAll(() => {
    docker.down();
  });
  const env = { DOCKER_HOST: docker.env.DOCKER_HOST };

  /** Writes a manifest with what it is built from, and an engine that notes what it is asked for. */
  function prepare(rig: Rig, name: string): { file: string; asked: (verb: string) => number } {
    const directory = `${rig.directory}/${name}`;
    mkdirSync(`${directory}/app`, { recursive: true });
    copyFileSync('/bin/busybox', `${directory}/app/busybox`);
    writeFileSync(`${directory}/app/main.sh`, script);
    writeFileSync(
      `${directory}/app/Dockerfile`,
      // A label makes it an image of its own. The entry point would swallow the command.
      `FROM scratch
LABEL test=${name}
ENV PATH=/bin
WORKDIR /app
COPY busybox /bin/busybox
COPY busybox /bin/sh
COPY main.sh /app/
ENTRYPOINT ["/bin/busybox", "true"]
`,
    );
    const notes = `${directory}/asked`;
    writeFileSync(`${directory}/engine`, `#!/bin/sh\necho "$1" >>${notes}\nexec docker "$@"\n`, {
      mode: 0o755,
    });
    const file = `${directory}/manifest.yaml`;
    writeFileSync(
      file,
      `kind: AIchorManifest
apiVersion: 0.2.1
builder: { image: fjr-test-ranks/${name}, dockerfile: ./Dockerfile, context: app }
spec:
  operator: jobset
  engine: ${directory}/engine
  image: fjr-test-ranks/${name}
  command: sh main.sh
  types:
    heavy: { count: 1, resources: { cpus: 1, ramRatio: 0.25, shmSizeGB: 0.03125 } }
    worker: { count: 2, resources: { cpus: 1, ramRatio: 0.0625 } }
`,
    );
    const asked = (verb: string): number =>
      readFileSync(notes, 'utf8')
        .split('\n')
        .filter((word) => word === verb).length;
    return { file, asked };
  }

  /** What each rank printed, once the only run is done. */
  function printed(rig: Rig): { lines: string[]; directory: string } {
    const project = rig.project();
    const directory = `${project.root}/done/${project.entries('done')[0]!}`;
    const { output } = outcomesOf(directory);
    return { lines: [0, 1, 2].map((rank) => output(rank).trim()), directory };
  }

  const expected = [
    `0 of 3 heavy-0 ${32 * 1024} ${256 * 2 ** 20}`,
    // The engine's own default of 64 MB.
    `1 of 3 worker-0 ${64 * 1024} ${64 * 2 ** 20}`,
    `2 of 3 worker-1 ${64 * 1024} ${64 * 2 ** 20}`,
  ];

  test('is built once, and each rank has the memory and shared memory of its type', async ({ rig }) => {
    const { file, asked } = prepare(rig, 'once');
    const { code, stdout } = await rig.run('fjr', ['run', file], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/: 3 ranks\n.*: done\n$/s) });
    expect(printed(rig).lines).toEqual(expected);
    expect([asked('build'), asked('save'), asked('load'), asked('run')]).toEqual([1, 1, 0, 3]);
    expect(docker.docker('image', 'ls', '-q', 'fjr-test-ranks/once')).not.toBe('');
  }, 90_000);

  test('goes to hosts that do not have it, and is loaded once there', async ({ rig }) => {
    const { file, asked } = prepare(rig, 'elsewhere');
    const { stdout } = await rig.run('fjr', ['submit', file], { env });
    const name = stdout.trim();
    const archive = `${rig.project().root}/jobqueue/${name}/image.tar`;
    expect(existsSync(archive)).toBe(true);
    // From now on this host is one that has never seen the image.
    docker.docker('rmi', '--force', 'fjr-test-ranks/elsewhere');
    docker.docker('image', 'prune', '--force');
    await rig.startCrew(['--workers', '3'], { env });
    const dispatched = await rig.run('fjr-dispatcher', [], { env });
    expect(dispatched.code).toBe(0);
    const { lines, directory } = printed(rig);
    expect(lines).toEqual(expected);
    expect([asked('build'), asked('save'), asked('load')]).toEqual([1, 1, 1]);
    // Nobody needs it any more.
    expect(existsSync(`${directory}/image.tar`)).toBe(false);
  }, 90_000);

  test('that cannot be built is told so by the engine, and leaves nothing in the queue', async ({ rig }) => {
    const { file } = prepare(rig, 'broken');
    writeFileSync(`${rig.directory}/broken/app/Dockerfile`, 'FROM scratch\nCOPY nothing /\n');
    const { code, stderr, stdout } = await rig.run('fjr', ['run', file], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /nothing.*fjr: cannot build the image fjr-test-ranks\/broken: \S+ build ended with exit code 1\nhint: what it says stands above\n$/s,
    );
    expect(rig.project().entries('jobqueue')).toEqual([]);
  }, 60_000);
});
