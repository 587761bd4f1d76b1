import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { accept } from '../../src/server/accept/accept.js';
import { cancel } from '../../src/server/accept/cancel.js';
import { NumberDesk } from '../../src/server/accept/number-desk.js';
import { retry } from '../../src/server/accept/retry.js';
import type { AcceptDesk, Accepted, Submission } from '../../src/server/accept/submission.js';
import { ensureNumbers } from '../../src/server/claim-numbers.js';
import { LiveIndex } from '../../src/server/feed/live-index.js';
import { ServerPaths } from '../../src/server/server-paths.js';
import { SharedFlushes } from '../../src/system/durable-files.js';
import { MountedFiles } from '../../src/system/files.js';
import { controlledJob } from '../rig/controlled-job.js';
import { submitTasks } from '../rig/fan-out.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test as rigTest } from '../rig/rig.js';
import { servedBy } from '../rig/served.js';
import { waitUntil } from '../rig/wait-until.js';

/** What routes of a server work with, on a test's project. */
const test = rigTest.extend<{ desk: AcceptDesk }>({
  desk: async ({ rig }, use) => {
    const layout = new Layout(rig.project().root);
    const paths = new ServerPaths(layout);
    const files = new MountedFiles({ shared: false, fsync: true });
    for (const directory of [...layout.directories, paths.keys]) files.ensureDirectory(directory);
    perform(files, ensureNumbers(paths, { job: 1, artifact: 1 }));
    const closing = new AbortController();
    const durable = new SharedFlushes(new MountedFiles({ shared: false, fsync: false }), true);
    const served = servedBy({ layout, files, durable, closing: closing.signal });
    await use({ served, paths, index: new LiveIndex(served), numbers: new NumberDesk(durable, paths) });
    closing.abort();
  },
});

function file(name: string, content: string, executable = false): Submission {
  return { kind: 'file', name, content: Buffer.from(content), executable };
}

/** A crew and a dispatcher; returns how they are dismissed. */
async function hire(rig: Rig): Promise<() => Promise<void>> {
  const crew = await rig.startCrew(['--workers', '2']);
  const dispatcher = rig.start('fjr-dispatcher', ['--keep-running', '--interval', '0.1']);
  return async () => {
    for (const member of [dispatcher, crew]) await member.stop();
  };
}

async function ended(rig: Rig, name: string, where: 'done' | 'failed' = 'done'): Promise<void> {
  await waitUntil(
    `${name} is among the ${where}`,
    () => rig.project().jobs(where),
    (jobs) => jobs.includes(name),
  );
}

const accepted = (job: string, again = false): Accepted => ({ kind: 'accepted', job, again });
const key = { owner: 'alice', key: 'one' };

describe('what a server accepts', () => {
  test('is run: a job file, a script, a fan-out file', async ({ rig, desk }) => {
    const note = (name: string): string => `echo ${name} >> ${rig.ledger}/notes`;
    const jobs = [
      file('plain.conf', ini(`sh -c '${note('plain')}'`)),
      file('script', `#!/bin/sh\n${note('script')}\n`, true),
      // Its inputs are where the workers were hired.
      file(
        'fan.yaml',
        `command: '${note('$INPUT')}'\ninput: { file: { path: inputs.txt, format: eachLine } }\n`,
      ),
    ];
    writeFileSync(`${rig.directory}/inputs.txt`, 'first\nsecond\n');
    for (const job of jobs) expect(await accept(desk, job)).toEqual(accepted(job.name));
    const dismiss = await hire(rig);
    for (const { name } of jobs) await ended(rig, name);
    await waitUntil(
      'the run is over',
      () => rig.project().jobs('done'),
      (done) => done.some((name) => /^fan-.*\.run$/.test(name)),
    );
    const notes = readFileSync(`${rig.ledger}/notes`, 'utf8').trim().split('\n').sort();
    expect(notes).toEqual(['first', 'plain', 'script', 'second']);
    await dismiss();
  });

  test('may be a manifest; what is wrong with it is in the log of its job', async ({ rig, desk }) => {
    const manifest = file('ranks.yaml', 'kind: AIchorManifest\napiVersion: 0.2.2\nspec: { operator: mpi }\n');
    expect(await accept(desk, manifest, key)).toEqual(accepted('ranks.yaml'));
    const dismiss = await hire(rig);
    await ended(rig, 'ranks.yaml', 'failed');
    await waitUntil(
      'its log says why',
      () => rig.project().log('ranks.yaml', 'err'),
      (text) => text.includes('spec.operator'),
    );
    await dismiss();
  });

  test('is never what the queue could not carry, or what only fjr makes', async ({ rig, desk }) => {
    const good = ini('true');
    const spec = '{"jobspec":"x","id":1}';
    const rows: [string, string, string, string][] = [
      ['', good, 'invalid_job_name', 'the job name "" is not a file name'],
      ['..', good, 'invalid_job_name', 'the job name ".." is not a file name'],
      ['a/b', good, 'invalid_job_name', 'the job name "a/b" holds a slash or a NUL byte'],
      ['.hidden', good, 'invalid_job_name', 'marks a file that the queue passes over'],
      ['x'.repeat(216), good, 'invalid_job_name', 'has 216 bytes, more than 215'],
      ['\ud800', good, 'invalid_job_name', 'cannot be written in UTF-8'],
      ['a@0123456789.conf', good, 'invalid_job_name', 'holds a token, which fjr gives'],
      ['a.run', good, 'invalid_job_name', 'is one of a run or of a part of it'],
      ['a.run=1.slice', good, 'invalid_job_name', 'is one of a run or of a part of it'],
      ['a.conf', '', 'invalid_job', 'the file is empty (a job file is a script'],
      ['a.conf', '[other]\n', 'invalid_job', 'no section [fjr], [fjd] or [control]'],
      ['a.conf', ini('true', { timeout: 'x' }), 'invalid_job', 'timeout'],
      ['a.json', spec, 'invalid_job', 'the job of a spec'],
    ];
    for (const [name, content, error, message] of rows)
      expect([name, await accept(desk, file(name, content))]).toEqual([
        name,
        { kind: 'refused', error, message: expect.stringContaining(message) },
      ]);
    expect(rig.project().entries('jobqueue')).toEqual([]);
  });

  test('waits only once under a name, unless that is a second try', async ({ rig, desk }) => {
    const job = file('twin.conf', ini('true'));
    const refused = { kind: 'refused', error: 'job_exists', message: 'a job "twin.conf" waits already' };
    expect(await accept(desk, job)).toEqual(accepted('twin.conf'));
    expect(await accept(desk, job)).toEqual(refused);
    expect(await accept(desk, job, key)).toEqual(refused);
    rmSync(`${rig.project().root}/jobqueue/twin.conf`);
    expect(await accept(desk, job, key)).toEqual(accepted('twin.conf'));
    await desk.index.refresh();
    expect(await accept(desk, job)).toEqual(refused);
    expect(await accept(desk, job, key)).toEqual(accepted('twin.conf', true));
    expect(rig.project().jobs('jobqueue')).toEqual(['twin.conf']);
  });
});

describe('a key', () => {
  test('starts one job, though that has run and was removed', async ({ rig, desk }) => {
    const job = file('once.conf', ini(`sh -c 'echo run >> ${rig.ledger}/runs'`));
    expect(await accept(desk, job, key)).toEqual(accepted('once.conf'));
    const dismiss = await hire(rig);
    await ended(rig, 'once.conf');
    for (const place of ['it is done', 'it is gone']) {
      expect([place, await accept(desk, job, key)]).toEqual([place, accepted('once.conf', true)]);
      for (const name of rig.project().entries('done')) rmSync(`${rig.project().root}/done/${name}`);
    }
    expect(rig.project().places()).toEqual({ jobqueue: [], running: [], done: [], failed: [] });
    expect(readFileSync(`${rig.ledger}/runs`, 'utf8')).toBe('run\n');
    await dismiss();
  });

  test('goes with one request, and is known to its token alone', async ({ desk }) => {
    mkdirSync(desk.served.jobspecs);
    writeFileSync(`${desk.served.jobspecs}/plain.toml`, 'Command = "true"\n');
    const spec = (n: string): Submission => ({
      ...{ kind: 'spec', name: 'plain', parameters: new Map([['n', n]]) },
    });
    const first = { kind: 'accepted', job: 'plain-1.json', number: 1, again: false };
    expect(await accept(desk, spec('1'), key)).toEqual(first);
    // What has been accepted is answered, whatever has become of the spec.
    renameSync(`${desk.served.jobspecs}/plain.toml`, `${desk.served.jobspecs}/other.toml`);
    expect(await accept(desk, spec('1'), key)).toEqual({ ...first, again: true });
    const message = 'the key came with another request before: each needs one of its own';
    const reused = { kind: 'refused', error: 'key_reused', message };
    expect(await accept(desk, spec('2'), key)).toEqual(reused);
    expect(await accept(desk, file('plain', '#!/bin/sh\n'), key)).toEqual(reused);
    const other = { owner: 'bob', key: 'one' };
    expect(await accept(desk, spec('1'), other)).toMatchObject({ error: 'unknown_job_name' });
    expect(await accept(desk, file('bob.conf', ini('true')), other)).toEqual(accepted('bob.conf'));
  });

  test('with which many ask at once starts one job, and one of them is told so', async ({ rig, desk }) => {
    const job = file('race.conf', ini('true'));
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(desk, job, key)));
    expect(answers.filter((answer) => answer.kind === 'accepted' && !answer.again)).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'accepted')).toHaveLength(20);
    expect(rig.project().jobs('jobqueue')).toEqual(['race.conf']);
  });
});

describe('a job', () => {
  test('that waits is withdrawn, and comes back when it is retried', async ({ rig, desk }) => {
    await accept(desk, file('wait.conf', ini('true')));
    expect(await retry(desk, 'wait.conf')).toEqual({ kind: 'not-failed' });
    expect(await cancel(desk, 'wait.conf')).toBe('cancelled');
    expect(rig.project().jobs('failed')).toEqual(['wait.conf']);
    expect(await cancel(desk, 'wait.conf')).toBe('ended');
    const [entry = ''] = rig.project().entries('failed');
    expect(await retry(desk, entry)).toEqual({ kind: 'retried', job: 'wait.conf' });
    expect(rig.project().places()).toMatchObject({ jobqueue: [expect.stringMatching(/^wait@/)], failed: [] });
    expect(await retry(desk, 'wait.conf')).toEqual({ kind: 'not-failed' });
    expect(await cancel(desk, rig.project().entries('jobqueue')[0]!)).toBe('cancelled');
  });

  test('that runs is stopped by its crew', async ({ rig, desk }) => {
    const dismiss = await hire(rig);
    await accept(desk, file('runs.conf', controlledJob()));
    const execution = await rig.jobs.started('runs.conf');
    expect(await cancel(desk, 'runs.conf')).toBe('asked');
    await ended(rig, 'runs.conf', 'failed');
    expect(execution.isAlive()).toBe(false);
    expect(rig.project().outcomes('runs.conf')).toMatchObject([{ outcome: { kind: 'cancelled' } }]);
    await dismiss();
  });

  test('that is not there, or is done, is neither cancelled nor retried', async ({ rig, desk }) => {
    await accept(desk, file('done.conf', ini('true')));
    const dismiss = await hire(rig);
    await ended(rig, 'done.conf');
    expect([await cancel(desk, 'done.conf'), await retry(desk, 'done.conf')]).toEqual([
      'ended',
      { kind: 'not-failed' },
    ]);
    await dismiss();
    for (const nothing of ['nothing', '', '../done/done.conf', 'done'])
      expect([await cancel(desk, nothing), await retry(desk, nothing)]).toEqual([
        'unknown',
        { kind: 'unknown' },
      ]);
  });

  test('of many tasks is cancelled as a whole; retried, it does what is left of it', async ({
    rig,
    desk,
  }) => {
    const { root } = rig.project();
    submitTasks(root, 'many.run', 'test -e "$LEDGER/gate" || exit 1; echo $INPUT >> "$LEDGER/ran"', [
      'a',
      'b',
    ]);
    expect(await cancel(desk, 'many.run')).toBe('asked');
    const dismiss = await hire(rig);
    await ended(rig, 'many.run', 'failed');
    writeFileSync(`${rig.ledger}/gate`, '');
    expect(await retry(desk, 'many.run')).toEqual({ kind: 'retried', job: 'many.run' });
    await ended(rig, 'many.run');
    expect(readFileSync(`${rig.ledger}/ran`, 'utf8').trim().split('\n').sort()).toEqual(['a', 'b']);
    await dismiss();
  });
});
