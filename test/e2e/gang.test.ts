import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { isAlive } from '../rig/processes.js';
import { outcomesOf, submitRanks } from '../rig/fan-out.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

const quick = ['--interval', '0.2'];

/** A line for the shell that goes on only once so many ranks have come this far. */
function meeting(rig: Rig, ranks: number, then: string): string {
  const meet = `${rig.directory}/meet`;
  mkdirSync(meet, { recursive: true });
  return `: > ${meet}/$RANK; while [ $(ls ${meet} | wc -l) -lt ${ranks} ]; do sleep 0.02; done; ${then}`;
}

function outcomes(rig: Rig, verdict: 'done' | 'failed', name: string): ReturnType<typeof outcomesOf> {
  const project = rig.project();
  const entry = project.entries(verdict).find((one) => one.startsWith(name));
  return outcomesOf(`${project.root}/${verdict}/${entry ?? 'nothing'}`);
}

/** Waits until each of these files holds a line, and returns them as numbers. */
async function pids(paths: readonly string[]): Promise<number[]> {
  const seen = await waitUntil(
    'all ranks run',
    () => paths.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')),
    (texts) => texts.every((text) => text.endsWith('\n')),
  );
  return seen.map(Number);
}

describe('A gang', () => {
  test('begins together, on whatever crews there are', async ({ rig }) => {
    submitRanks(rig.project().root, 'train.run', meeting(rig, 4, 'echo "$RANK of $WORLD_SIZE"'), 4);
    await rig.startCrew(['--workers', '1']);
    await rig.startCrew(['--workers', '3']);
    expect((await rig.run('fjr-dispatcher', quick)).code).toBe(0);
    const { accepted, executions, output } = outcomes(rig, 'done', 'train');
    expect([accepted.size, executions]).toEqual([4, 4]);
    for (const rank of [0, 1, 2, 3]) expect(output(rank)).toBe(`${rank} of 4\n`);
  }, 60_000);

  test('waits until all its ranks have room, says so, and holds nobody from other work meanwhile', async ({
    rig,
  }) => {
    const project = rig.project();
    submitRanks(project.root, 'train.run', meeting(rig, 3, ':'), 3);
    writeFileSync(`${project.root}/jobqueue/other.sh`, '#!/bin/sh\necho here\n');
    await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher', quick);
    await waitUntil(
      'the other job is done',
      () => project.entries('done'),
      (done) => done.some((name) => name.startsWith('other')),
    );
    await waitUntil(
      'it says what the gang waits for',
      () => dispatcher.stdout,
      (said) =>
        said.includes(
          'Job train.run waits: it needs 3 workers together, and the crews there are have room for 2.',
        ),
    );
    expect(readdirSync(`${rig.directory}/meet`)).toEqual([]);
    await rig.startCrew(['--workers', '1']);
    expect((await dispatcher.ends()).code).toBe(0);
    expect(outcomes(rig, 'done', 'train').accepted.size).toBe(3);
  }, 60_000);

  test('goes before what is less urgent, however much of that there is', async ({ rig }) => {
    const { root } = rig.project();
    submitRanks(root, 'train.run', meeting(rig, 2, ':'), 2, { priority: 5 });
    for (let n = 0; n < 40; n++)
      writeFileSync(
        `${root}/jobqueue/job${n}.sh`,
        `#!/bin/sh\nls ${rig.directory}/meet > ${rig.directory}/seen${n}\nsleep 0.2\n`,
      );
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher', quick)).code).toBe(0);
    expect(readFileSync(`${rig.directory}/seen39`, 'utf8')).toBe('0\n1\n');
    expect(outcomes(rig, 'done', 'train').executions).toBe(2);
  }, 60_000);

  test('is stopped whole when one of its ranks fails', async ({ rig }) => {
    const mine = `${rig.directory}/pid`;
    const line = `echo $$ > ${mine}.$RANK; ${meeting(rig, 3, '[ $RANK = 1 ] && exit 3; exec sleep 300')}`;
    submitRanks(rig.project().root, 'train.run', line, 3);
    await rig.startCrew(['--workers', '3']);
    const dispatcher = rig.start('fjr-dispatcher', quick);
    const processes = await pids([`${mine}.0`, `${mine}.2`]);
    expect((await dispatcher.ends()).code).toBe(3);
    expect(processes.map(isAlive)).toEqual([false, false]);
    expect(outcomes(rig, 'failed', 'train').accepted.get(1)).toBe('exit');
  }, 60_000);

  test('lets the others go on where failures are to be ignored', async ({ rig }) => {
    const line = meeting(rig, 2, '[ $RANK = 1 ] && exit 3; sleep 0.5; echo end');
    submitRanks(rig.project().root, 'train.run', line, 2, { failure: 'ignore' });
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher', quick)).code).toBe(3);
    const { accepted, output } = outcomes(rig, 'failed', 'train');
    expect([accepted.get(0), output(0), accepted.get(1)]).toEqual(['done', 'end\n', 'exit']);
  }, 60_000);

  test('tries a rank again beside the others, where that is wished', async ({ rig }) => {
    const again = `${rig.directory}/again`;
    const line = meeting(
      rig,
      2,
      `if [ $RANK = 1 ]; then [ $FJR_ATTEMPT = 2 ] || exit 3; : > ${again}; fi; while [ ! -e ${again} ]; do sleep 0.02; done; echo $FJR_ATTEMPT`,
    );
    submitRanks(rig.project().root, 'train.run', line, 2, {
      failure: 'retry-rank',
      retries: 1,
      retryDelay: 0.1,
    });
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher', quick)).code).toBe(0);
    const { output } = outcomes(rig, 'done', 'train');
    expect([output(0), output(1)]).toEqual(['1\n', '2\n']);
  }, 60_000);

  test('has a rank tried again by a dispatcher that came later, while the others wait for it', async ({
    rig,
  }) => {
    const [fail, back] = [`${rig.directory}/fail`, `${rig.directory}/back`];
    const line = meeting(
      rig,
      2,
      `if [ $RANK.$FJR_ATTEMPT = 1.1 ]; then while [ ! -e ${fail} ]; do sleep 0.02; done; exit 3; fi; [ $RANK = 0 ] || : > ${back}; while [ ! -e ${back} ]; do sleep 0.02; done; echo $FJR_ATTEMPT`,
    );
    submitRanks(rig.project().root, 'train.run', line, 2, {
      failure: 'retry-rank',
      retries: 1,
      retryDelay: 0.1,
    });
    await rig.startCrew(['--workers', '2']);
    const first = rig.start('fjr-dispatcher', quick);
    await waitUntil(
      'both ranks run',
      () => readdirSync(`${rig.directory}/meet`),
      (names) => names.length === 2,
    );
    first.signal('SIGKILL');
    await first.ends();
    const next = rig.start('fjr-dispatcher', quick);
    await next.says('worker(s)...');
    writeFileSync(fail, '');
    expect((await next.ends()).code).toBe(0);
    const { output } = outcomes(rig, 'done', 'train');
    expect([output(0), output(1)]).toEqual(['1\n', '2\n']);
  }, 60_000);

  test('never runs more ranks of a replica at a time than it may, also when one is tried again', async ({
    rig,
  }) => {
    const inside = `${rig.directory}/inside`;
    const line = `mkdir ${inside} || exit 9; [ $RANK.$FJR_ATTEMPT = 0.1 ] || sleep 1; rmdir ${inside}; [ $RANK.$FJR_ATTEMPT != 0.1 ] || exit 3; echo $FJR_ATTEMPT`;
    submitRanks(rig.project().root, 'train.run', line, 4, {
      parallelism: 1,
      failure: 'retry-rank',
      retries: 1,
      retryDelay: 0,
    });
    await rig.startCrew(['--workers', '3']);
    expect((await rig.run('fjr-dispatcher', quick)).code).toBe(0);
    const { accepted, output } = outcomes(rig, 'done', 'train');
    expect(accepted.size).toBe(4);
    expect([0, 1, 2, 3].map(output)).toEqual(['2\n', '1\n', '1\n', '1\n']);
  }, 60_000);

  test.for<{ what: string; signal: NodeJS.Signals }>([
    { what: 'is lost', signal: 'SIGKILL' },
    { what: 'leaves', signal: 'SIGTERM' },
  ])(
    'begins anew when a crew $what whose rank the others miss so much that they fail, which is not their fault',
    { timeout: 60_000 },
    async ({ signal }, { rig }) => {
      // The others hold on to what rank 0 holds, and fail as soon as it is gone.
      const [held, starts] = [`${rig.directory}/held`, `${rig.directory}/starts`];
      const line = `
        echo $RANK >> ${starts}
        while [ $(wc -l < ${starts}) -lt 3 ]; do sleep 0.02; done
        [ $(wc -l < ${starts}) -gt 3 ] && exit 0
        [ $RANK != 0 ] || { exec 9> ${held}; flock 9; sleep 300; }
        while [ ! -e ${held} ] || ! flock -n ${held} true; do sleep 0.02; done; exit 1`;
      submitRanks(rig.project().root, 'train.run', line, 3);
      const crews = [
        await rig.startCrew(['--workers', '1']),
        await rig.startCrew(['--workers', '1']),
        await rig.startCrew(['--workers', '1']),
      ];
      const dispatcher = rig.start('fjr-dispatcher', quick);
      await waitUntil(
        'rank 0 has what the others need',
        () => existsSync(held),
        (is) => is,
      );
      const project = rig.project();
      const victim =
        readdirSync(`${project.root}/jobpods`).find((crew) =>
          readdirSync(`${project.root}/jobpods/${crew}/running`).some((entry) => entry.includes('=1@')),
        ) ?? 'none';
      const { pid } = JSON.parse(readFileSync(`${project.root}/jobpods/${victim}/crew.json`, 'utf8')) as {
        pid: number;
      };
      crews.find((crew) => crew.pid === pid)?.signal(signal);
      await rig.startCrew(['--workers', '1']);
      expect((await dispatcher.ends()).code).toBe(0);
      expect(readFileSync(starts, 'utf8').split('\n').sort().join('')).toBe('001122');
      expect([...outcomes(rig, 'done', 'train').accepted.keys()].sort()).toEqual([0, 1, 2]);
    },
  );

  test('begins anew as a whole when a crew of it is lost', async ({ rig }) => {
    const starts = `${rig.directory}/starts`;
    const gate = `${rig.directory}/gate`;
    mkdirSync(starts);
    const line = `echo $$ > ${starts}/$RANK.$$; while [ ! -e ${gate} ]; do sleep 0.02; done; echo $RANK`;
    submitRanks(rig.project().root, 'train.run', line, 2);
    const victim = await rig.startCrew(['--workers', '1']);
    await rig.startCrew(['--workers', '1']);
    const dispatcher = rig.start('fjr-dispatcher', quick);
    const begun = (count: number): Promise<string[]> =>
      waitUntil(
        `${count} starts`,
        () => readdirSync(starts),
        (names) => names.length >= count,
      );
    await begun(2);
    victim.signal('SIGKILL');
    await rig.startCrew(['--workers', '1']);
    const all = await begun(4);
    expect(all.map((name) => name.split('.')[0]).sort()).toEqual(['0', '0', '1', '1']);
    // Another dispatcher has no part in what came back before: it leaves alone what runs.
    dispatcher.signal('SIGKILL');
    await dispatcher.ends();
    const next = rig.start('fjr-dispatcher', quick);
    await next.says('worker(s)...');
    writeFileSync(gate, '');
    expect((await next.ends()).code).toBe(0);
    expect(readdirSync(starts)).toHaveLength(4);
    const { accepted, output } = outcomes(rig, 'done', 'train');
    expect([...accepted.values()]).toEqual(['done', 'done']);
    expect([output(0), output(1)]).toEqual(['0\n', '1\n']);
  }, 60_000);

  test('leaves workers free when it is cancelled while it waits, or while it runs', async ({ rig }) => {
    const project = rig.project();
    const crew = await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher', [...quick, '--keep-running']);
    submitRanks(project.root, 'large.run', ':', 3);
    submitRanks(project.root, 'train.run', meeting(rig, 2, 'exec sleep 300'), 2);
    await waitUntil(
      'the ranks run',
      () => readdirSync(`${rig.directory}/meet`),
      (names) => names.length === 2,
    );
    for (const name of ['train', 'large'])
      expect((await rig.run('fjr', ['cancel', `${name}.run`])).code).toBe(0);
    await waitUntil(
      'both have ended',
      () => project.entries('failed'),
      (failed) => failed.length === 2,
    );
    await waitUntil(
      'all workers are free',
      () => readdirSync(`${project.root}/workerqueue`),
      (badges) => badges.length === 2,
    );
    await Promise.all([dispatcher.stop(), crew.stop()]);
  }, 60_000);
});
