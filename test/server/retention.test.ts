import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, writeControlledSpec, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** What there is of jobs in the project, by directory. */
function left(rig: Rig): Record<string, string[]> {
  const { root } = rig.project();
  const names = ['done', 'failed', 'logs', 'work', 'server/artifacts'];
  return Object.fromEntries(
    names.map((name) => [
      name,
      existsSync(`${root}/${name}`)
        ? readdirSync(`${root}/${name}`).filter((each) => !each.startsWith('.'))
        : [],
    ]),
  );
}

/** A job that runs long has log files before it has ended. */
function withoutRunning(logs: readonly string[]): string[] {
  return logs.filter((name) => !name.startsWith('runs-3'));
}

describe('fjr serve --keep', () => {
  test('removes jobs that ended long ago with all that they left, and nothing else', async ({ rig }) => {
    writeShellSpec(rig, 'makes', 'echo printed; echo x > artifacts/x.txt');
    writeShellSpec(rig, 'fails', 'echo printed; exit 1');
    writeControlledSpec(rig, 'runs');
    const { jobs } = rig;
    const first = await TestServer.start(rig);
    await first.hire();
    const { artifacts } = await first.run('makes');
    await first.run('fails');
    rig.project().submit('other.conf', ini('echo printed'));
    await waitUntil(
      'the other job is done',
      () => rig.project().jobs('done'),
      (done) => done.includes('other.conf'),
    );
    await first.start('runs');
    const running = await jobs.started('runs-3.json');

    const second = await TestServer.start(rig, ['--no-auth', '--keep', '1s']);
    await waitUntil(
      'what is old is gone',
      () => left(rig),
      ({ work, failed, logs }) =>
        work!.length === 1 && failed!.length === 0 && withoutRunning(logs!).length === 2,
    );
    const { logs, ...rest } = left(rig);
    expect(withoutRunning(logs!)).toEqual(['other.conf.out', expect.stringMatching(/^other@/)]);
    expect(rest).toEqual({
      done: [expect.stringMatching(/^other@/)],
      failed: [],
      work: [expect.stringMatching(/^runs-3@/)],
      'server/artifacts': [],
    });
    expect(await second.get(1)).toMatchObject({ status: 'error', error: 'unknown_job' });
    expect((await second.fetch(`/artifacts/download?id=${artifacts![0]!.id}`)).status).toBe(200);

    running.exit(0);
    await waitUntil(
      'the last one is gone, too',
      () => left(rig)['done'],
      (done) => done!.length === 1,
    );
    // Numbers are not given again.
    expect(await second.start('fails')).toEqual({ status: 'ok', created: 4 });
    await second.stop();
    await first.stop();
  });

  test('is done by fjr gc for all jobs', async ({ rig }) => {
    writeShellSpec(rig, 'makes', 'echo printed; echo x > artifacts/x.txt');
    const server = await TestServer.start(rig);
    await server.hire();
    await server.run('makes');
    await server.stop();
    for (const directory of ['logs', 'journal'])
      for (const name of readdirSync(`${rig.project().root}/${directory}`))
        utimesSync(`${rig.project().root}/${directory}/${name}`, 1e9, 1e9);
    await waitUntil(
      'gc removes it',
      async () => {
        await rig.run('fjr', ['gc', '--older-than', '0.5s']);
        return left(rig);
      },
      ({ done, work, logs, ...rest }) => [done, work, logs, rest['server/artifacts']].flat().length === 0,
    );
  });
});
