import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { commandOf } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';

const ten = Array.from({ length: 10 }, (_, index) => `job${index + 1}.conf`).sort();

/** Ten job files as a user has them, copied into the queue one by one. */
function copyTenJobs(rig: Rig): void {
  const from = `${rig.directory}/mine`;
  mkdirSync(from);
  for (const name of ten)
    writeFileSync(`${from}/${name}`, ini(`sh -c 'echo "$FJR_JOB says hello"; echo "and complains" >&2'`));
  for (const name of readdirSync(from))
    copyFileSync(`${from}/${name}`, `${rig.fjrHome}/default/jobqueue/${name}`);
}

const found = String.raw`(\[fjr-dispatcher\] Found [1-9]\d* job\(s\) and 4 worker\(s\)\.\.\.\n)*`;
const dispatched = new RegExp(
  [
    String.raw`^\[fjr-dispatcher\] Started on project "default"\n`,
    String.raw`\[fjr-dispatcher\] Found 10 job\(s\) and 4 worker\(s\)\.\.\.\n${found}`,
    String.raw`\[fjr-dispatcher\] No \(more\) jobs\.\n`,
    String.raw`\[fjr-dispatcher\] 10 done, 0 failed in \d+(\.\d)? s\.\n`,
    String.raw`\[fjr-recruiter\] Fired 4 workers in project "default"\.\n$`,
  ].join(''),
);

async function expectClassicFlow(
  rig: Rig,
  hire: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const hired = await rig.run('fjr-recruiter', hire, { env });
  expect(hired).toMatchObject({ code: 0, stdout: '[fjr-recruiter] Hired 4 workers in project "default".\n' });
  const project = rig.project();
  const crew = project.crews()[0]!;
  copyTenJobs(rig);

  const result = await rig.run('fjr-dispatcher', [], { env });

  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toMatch(dispatched);
  expect(project.jobs('done')).toEqual(ten);
  expect([
    ...project.jobs('jobqueue'),
    ...project.jobs('failed'),
    ...project.pods(),
    ...project.announced(),
  ]).toEqual([]);
  for (const name of ten) {
    expect(project.outcomes(name)).toHaveLength(1);
    expect(project.log(name, 'out')).toBe(`${name} says hello\n`);
    expect(project.log(name, 'err')).toBe('and complains\n');
  }
  expect(commandOf(crew.pid)).toBe('');
}

describe('hire, copy, dispatch', () => {
  test.for(['tmux', 'screen', 'none'] as const)(
    'runs all jobs and fires the workers, in %s',
    async (kind, { rig }) => {
      await expectClassicFlow(rig, ['--multiplexer', kind, 'hire', '4']);
    },
  );

  test('works where there is no Perl, with the starter in Node', async ({ rig }) => {
    const env = { PATH: rig.pathWithOnly('sh', 'nice', 'env') };
    await expectClassicFlow(rig, ['--multiplexer', 'none', 'hire', '4'], env);
  });

  test('falls back to detached processes where there is neither tmux nor screen, and says so', async ({
    rig,
  }) => {
    const env = { PATH: rig.pathWithout('tmux', 'screen') };
    const hired = await rig.run('fjr-recruiter', ['hire', '1'], { env });
    expect(hired).toEqual({
      code: 0,
      stdout: '[fjr-recruiter] Hired 1 worker in project "default".\n',
      stderr:
        '[fjr-recruiter] There is neither tmux nor screen here: the workers run as plain detached processes.\n',
    });
    expect(rig.project().crews()).toMatchObject([{ session: { kind: 'none' } }]);
    const fired = await rig.run('fjr-recruiter', ['fire'], { env });
    expect(fired.stdout).toBe('[fjr-recruiter] Fired 1 worker in project "default".\n');
  });

  test('says what to do when the multiplexer asked for is not there', async ({ rig }) => {
    const env = { PATH: rig.pathWithout('tmux', 'screen') };
    const hired = await rig.run('fjr-recruiter', ['--multiplexer', 'tmux', 'hire', '1'], { env });
    expect(hired).toEqual({
      code: 1,
      stdout: '',
      stderr: 'fjr-recruiter: tmux is not installed here\nhint: install tmux, or use --multiplexer none\n',
    });
  });

  test('exits with 3 when a job failed, and says which', async ({ rig }) => {
    const project = rig.project();
    project.submit('good.conf', ini('true'));
    project.submit('bad.conf', ini('sh -c "exit 7"'));
    project.submit('mad.sh', '#!/bin/sh\nkill -SEGV $$\n');
    await rig.run('fjr-recruiter', ['--multiplexer', 'none', 'hire', '2']);

    const { code, stdout } = await rig.run('fjr-dispatcher');

    expect(code).toBe(3);
    expect(stdout).toContain('[fjr-dispatcher] Job bad.conf failed: exit code 7\n');
    expect(stdout).toContain('[fjr-dispatcher] Job mad.sh failed: killed by SIGSEGV\n');
    expect(stdout).toMatch(/\[fjr-dispatcher\] 1 done, 2 failed in [\d.]+ s\.\n/);
    expect(project.jobs('done')).toEqual(['good.conf']);
    expect(project.jobs('failed')).toEqual(['bad.conf', 'mad.sh']);
  });
});
