import { describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { isAlive } from '../rig/processes.js';
import { type Rig, test } from '../rig/rig.js';

const question = '[fjr-dispatcher] Should I fire all workers in project "default"? [y|N]';

async function interruptInTerminal(rig: Rig, answer: string[]): Promise<{ screen: string; jobPid: number }> {
  await rig.run('fjr-recruiter', ['hire', '1']);
  rig.project().submit('job.conf', controlledJob());
  const terminal = await rig.terminal(rig.commandLine('fjr-dispatcher'));
  const job = await rig.jobs.started('job.conf');
  await terminal.shows('1 running, 0 waiting');
  await terminal.keys('C-c');
  await terminal.shows(question);
  await terminal.keys(...answer);
  return { screen: await terminal.shows('[exit code '), jobPid: job.pid };
}

describe('Ctrl-C in a terminal', () => {
  test('asks whether to fire the workers, and fires them on y', async ({ rig }) => {
    const { screen, jobPid } = await interruptInTerminal(rig, ['y', 'Enter']);
    expect(screen).toContain('[fjr-dispatcher] Received Exit signal. Exiting ...\n');
    expect(screen).toContain(
      `${question} y\n[fjr-recruiter] Fired 1 worker in project "default".\n[exit code 130]\n`,
    );
    expect(isAlive(jobPid)).toBe(false);
    expect(rig.project().jobs('jobqueue')).toEqual(['job.conf']);
    expect(rig.project().pods()).toEqual([]);
  });

  test.for([
    ['N', ['N', 'Enter']],
    ['Enter alone', ['Enter']],
    ['a second Ctrl-C', ['C-c']],
  ] as const)('leaves the workers at their jobs on %s', async ([, answer], { rig }) => {
    const { screen, jobPid } = await interruptInTerminal(rig, [...answer]);
    expect(screen).toContain('[exit code 130]');
    expect(screen).not.toContain('Fired');
    expect(isAlive(jobPid)).toBe(true);

    const next = rig.start('fjr-dispatcher');
    await next.says('Started on project');
    rig.jobs.executions[0]!.exit(0);

    expect((await next.ends()).code).toBe(0);
    expect(rig.project().outcomes('job.conf')).toHaveLength(1);
    expect(rig.jobs.executions).toHaveLength(1);
  });
});

describe('without a terminal', () => {
  test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s stops the dispatcher with 130, jobs go on, and the next dispatcher finishes',
    async (signal, { rig }) => {
      const project = rig.project();
      const crew = await rig.startCrew();
      project.submit('1.conf', controlledJob());
      project.submit('2.conf', controlledJob());
      const dispatcher = rig.start('fjr-dispatcher');
      const job = await rig.jobs.started('1.conf');

      dispatcher.signal(signal);

      const { code, stdout } = await dispatcher.ends();
      expect(code).toBe(130);
      expect(stdout).toMatch(/\[fjr-dispatcher\] Received Exit signal\. Exiting \.\.\.\n$/);
      expect([isAlive(job.pid), crew.exit]).toEqual([true, undefined]);
      const next = rig.start('fjr-dispatcher');
      job.exit(0);
      (await rig.jobs.started('2.conf')).exit(0);
      expect((await next.ends()).code).toBe(0);
      expect(project.jobs('done')).toEqual(['1.conf', '2.conf']);
      expect(rig.jobs.executions).toHaveLength(2);
    },
  );
});
