import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  closeSync,
  statSync,
  writeSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setTimeout } from 'node:timers/promises';
import type { Background, Result } from '../rig/background.js';
import { isAlive, signal } from '../rig/processes.js';
import { type Ending, type ProjectFiles, ini, jobOf } from '../rig/project-files.js';
import { Rig, test as rigTest } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';
import { type Row, isRoot, jobOfTokenName, patient, rows, strays } from './rows.js';

const goodJobs = Array.from({ length: 30 }, (_, n) => `good-${n}.conf`);

/** The name under which a row's user finds it. */
function jobOfRow({ name, fate }: Row): string {
  if (fate.kind === 'failed' && fate.as !== undefined) return fate.as;
  return typeof name === 'string' ? (jobOfTokenName.get(name) ?? name) : 'undecodable-name';
}

function put(project: ProjectFiles, row: Row): void {
  const directory = `${project.root}/jobqueue/`;
  row.put(
    typeof row.name === 'string' ? directory + row.name : Buffer.concat([Buffer.from(directory), row.name]),
  );
}

/** How a job ended: the lines that count, since their name stands where they say. (A link to nowhere stands, too.) */
function outcomesOf(project: ProjectFiles, job: string): unknown[] {
  const standing = { done: new Set(project.entries('done')), failed: new Set(project.entries('failed')) };
  return project
    .journal()
    .filter((line): line is Ending => line.event === 'finish' || line.event === 'verdict')
    .filter(({ entry, to }) => jobOf(entry) === job && to !== 'queue' && standing[to].has(entry))
    .map(({ to, outcome }) => [to, outcome]);
}

/** Where a job is, `undecodable-name-123-0` counted as `undecodable-name`. */
function places(project: ProjectFiles): string[] {
  const at = project.places();
  return [...at.jobqueue, ...at.running, ...at.done, ...at.failed].map((name) =>
    jobOf(name).replace(/^(undecodable-name)-\d+-\d+$/, '$1'),
  );
}

test('each file of the corpus has its row', () => {
  expect(strays()).toEqual([]);
});

describe('a queue full of bad input', () => {
  let rig: Rig;
  let project: ProjectFiles;
  let dispatcher: Result;
  let crew: Result;
  let daemon = 0;

  beforeAll(async () => {
    rig = new Rig();
    project = rig.project();
    mkdirSync(`${project.root}/jobqueue`, { recursive: true, mode: 0o700 });
    for (const row of rows) put(project, row);
    for (const name of goodJobs) project.submit(name, ini('true'));
    const worker = await rig.startCrew(['--workers', '4']);
    dispatcher = await rig.start('fjr-dispatcher').ends(120);
    crew = await worker.ends();
    daemon = Number(readFileSync(`${rig.ledger}/daemon`, 'utf8'));
  }, 180_000);

  afterAll(async () => {
    signal(daemon, 'SIGKILL');
    await rig.dispose(false);
  });

  test('does not keep the good jobs from running', () => {
    const good = (name: string): boolean => name.startsWith('good-');
    expect(project.jobs('done').filter(good)).toEqual([...goodJobs].sort());
    for (const name of goodJobs)
      expect(outcomesOf(project, name)).toEqual([['done', { kind: 'exit', code: 0 }]]);
  });

  test('does not keep the dispatcher from ending: it says that some failed', () => {
    expect([dispatcher.code, crew.code]).toEqual([3, 0]);
  });

  test('is nothing to be troubled about', () => {
    expect([dispatcher.stderr, crew.stderr]).toEqual(['', '']);
  });

  test('tells a terminal nothing that it would obey', () => {
    expect(/[^\n\P{Cc}]/u.exec(dispatcher.stdout + crew.stdout)).toBeNull();
  });

  test('loses nothing: each name is in one place', () => {
    const submitted = rows.filter(({ fate }) => fate.kind !== 'deleted by itself').map(jobOfRow);
    expect(places(project).sort()).toEqual([...submitted, ...goodJobs].sort());
  });

  test('leaves no pod and no announcement', () => {
    expect([project.pods(), project.announced()]).toEqual([[], []]);
  });

  describe('of which', () => {
    const unique = rows.filter(({ name }) => typeof name === 'string');
    test.each(unique.map((row) => [JSON.stringify(row.name).slice(0, 60), row.fate.kind, row] as const))(
      '%s is %s',
      (_, __, row) => {
        const job = jobOfRow(row);
        const outcomes = outcomesOf(project, job);
        switch (row.fate.kind) {
          case 'ignored':
            expect(project.entries('jobqueue')).toContain(row.name);
            return;
          case 'deleted by itself':
            expect([places(project).includes(job), project.starts(job).length]).toEqual([false, 1]);
            return;
          case 'done':
            expect(outcomes).toEqual([['done', { kind: 'exit', code: 0 }]]);
            return;
          case 'failed':
            expect(outcomes).toEqual([['failed', row.fate.outcome]]);
        }
      },
    );

    test('names that are not UTF-8 are failed with the reason', () => {
      const failures = project
        .journal()
        .filter((line) => 'entry' in line && line.entry.startsWith('undecodable-name-'));
      expect(failures.map((line) => ('outcome' in line ? line.outcome : undefined))).toEqual(
        rows
          .filter(({ name }) => typeof name !== 'string')
          .map(({ fate }) => (fate.kind === 'failed' ? fate.outcome : fate)),
      );
    });
  });

  test('keeps 20 MB that a job printed, whole, on either stream', () => {
    const printed = '123456789\n'.repeat(2_000_000);
    expect(project.log('prints-20-megabytes.sh', 'out') === printed).toBe(true);
    expect(project.log('complains-20-megabytes.sh', 'err') === printed).toBe(true);
  });

  test('does not wait for what a job has sent away for good', () => {
    expect(isAlive(daemon)).toBe(true);
  });
});

rigTest('jobs for which nobody has what they need wait, and nothing else does', async ({ rig }) => {
  const project = rig.project();
  mkdirSync(`${project.root}/jobqueue`, { recursive: true, mode: 0o700 });
  for (const row of patient) put(project, row);
  for (const name of goodJobs) project.submit(name, ini('true'));
  const crew = await rig.startCrew(['--workers', '2']);
  const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
  await waitUntil(
    'the good jobs are done',
    () => project.jobs('done'),
    (names) => names.length === goodJobs.length,
  );
  await dispatcher.says(
    '[fjr-dispatcher] Job after-nobody.conf waits for never-submitted.conf, which nobody has submitted yet.',
  );
  // Whoever comes later is not held up either.
  project.submit('late.conf', ini('true'));
  await waitUntil(
    'the late job is done',
    () => project.jobs('done'),
    (names) => names.includes('late.conf'),
  );
  dispatcher.signal('SIGINT');
  expect(await dispatcher.ends()).toMatchObject({ code: 130, stderr: '' });
  expect(project.entries('jobqueue')).toEqual(patient.map(({ name }) => name).sort());
  expect(project.entries('failed')).toEqual([]);
  await crew.stop();
});

rigTest('a file that grows runs once, and only when it is complete', async ({ rig }) => {
  const project = rig.project();
  mkdirSync(`${project.root}/jobqueue`, { recursive: true, mode: 0o700 });
  const crew = await rig.startCrew(['--workers', '2']);
  const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
  await dispatcher.says('Started on project');
  const growing = ['one.conf', 'two.sh'];
  const files = growing.map((name) => openSync(`${project.root}/jobqueue/${name}`, 'wx', 0o600));
  const texts = [
    `${ini('grep -q complete')}# ${'x'.repeat(300)}\n[data]\nstate: complete\n`,
    `#!/bin/sh\n${':;'.repeat(150)}\ngrep -q complete "$0" # complete\n`,
  ];
  // Never up to the end of a line before the last byte: a file may look whole only once it is.
  for (let part = 0; part < 30; part++) {
    texts.forEach((text, index) => {
      writeSync(files[index]!, partOf(text, part));
    });
    await setTimeout(50);
  }
  for (const file of files) closeSync(file);
  await waitUntil(
    'both are done',
    () => project.places(),
    ({ done, failed }) => done.length + failed.length === 2,
  );
  expect(project.jobs('done')).toEqual(growing);
  for (const name of growing) expect(project.starts(name)).toHaveLength(1);
  dispatcher.signal('SIGTERM');
  await dispatcher.ends();
  await crew.stop();
});

/** One of 30 parts of a text, none of which ends a line but the last. */
function partOf(text: string, part: number): string {
  const cut = (n: number): number => {
    const at = Math.floor((text.length * n) / 30);
    return n < 30 && text[at - 1] === '\n' ? at - 1 : at;
  };
  return text.slice(cut(part), cut(part + 1));
}

const dist = process.env['FJR_TEST_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));

/** Root may read and move everything: then the same is done as somebody else, with programs that they can reach. */
describe.skipIf(isRoot && !reachable())('for somebody who is not root', () => {
  const as = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];

  function start(rig: Rig, program: string, ...args: string[]): Background {
    return rig.start(as[0]!, [...as.slice(1), process.execPath, `${dist}/${program}.js`, ...args]);
  }

  async function startCrew(rig: Rig): Promise<Background> {
    const crew = start(rig, 'fjr-worker');
    await crew.says('Started with ID');
    return crew;
  }

  rigTest('a file that its owner may not read fails with the reason', async ({ rig }) => {
    const project = rig.project();
    for (const name of ['a.conf', 'z.conf']) project.submit(name, ini('true'));
    project.submit('locked.conf', ini('true'), 0o000);
    project.submit('write-only.sh', '#!/bin/sh\n', 0o200);
    if (isRoot) giveAway(rig.directory);
    const crew = await startCrew(rig);
    expect(await start(rig, 'fjr-dispatcher').ends()).toMatchObject({ code: 3, stderr: '' });
    await crew.ends();
    expect(project.jobs('done')).toEqual(['a.conf', 'z.conf']);
    const reason = 'it cannot be read: permission denied';
    for (const name of ['locked.conf', 'write-only.sh'])
      expect(outcomesOf(project, name)).toEqual([
        ['failed', { kind: 'rejected', reason, hint: 'let its owner read it (chmod u+r)' }],
      ]);
  });

  // Linux moves a directory only for somebody who may write to it.
  rigTest('a directory that may not be written fails, too', async ({ rig }) => {
    const project = rig.project();
    project.submit('good.conf', ini('true'));
    mkdirSync(`${project.root}/jobqueue/read-only`, { mode: 0o555 });
    mkdirSync(`${project.root}/jobqueue/closed`, { mode: 0o000 });
    if (isRoot) giveAway(rig.directory);
    const crew = await startCrew(rig);
    expect(await start(rig, 'fjr-dispatcher').ends()).toMatchObject({ code: 3, stderr: '' });
    await crew.ends();
    expect([project.jobs('done'), project.jobs('failed')]).toEqual([['good.conf'], ['closed', 'read-only']]);
  });

  rigTest.runIf(isRoot)(
    'a directory of somebody else, which cannot be moved, is told of once, and holds up nobody',
    async ({ rig }) => {
      const project = rig.project();
      project.submit('good.conf', ini('true'));
      giveAway(rig.directory);
      mkdirSync(`${project.root}/jobqueue/foreign`, { mode: 0o755 });
      const crew = await startCrew(rig);
      const dispatcher = start(rig, 'fjr-dispatcher', '--keep-running');
      await dispatcher.says('foreign');
      // Three sweeps of the queue and more go by until it has failed twice.
      project.submit('late.conf', ini('false', { retries: 1, 'retry-delay': 3 }));
      chownSync(`${project.root}/jobqueue/late.conf`, 65534, 65534);
      await waitUntil(
        'the late job has failed',
        () => project.jobs('failed'),
        (names) => names.includes('late.conf'),
      );
      expect(project.jobs('done')).toEqual(['good.conf']);
      dispatcher.signal('SIGINT');
      const { stdout, stderr } = await dispatcher.ends();
      const told = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('jobqueue/foreign'));
      expect([told.length, project.entries('jobqueue')]).toEqual([1, ['foreign']]);
      crew.signal('SIGTERM');
      await crew.ends();
    },
  );
});

function giveAway(path: string): void {
  chownSync(path, 65534, 65534);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveAway(`${path}/${name}`);
}

/** Whether everybody may enter all directories above the programs. */
function reachable(): boolean {
  return [dist, process.execPath].every((path) =>
    path.split('/').every((_, index, parts) => {
      const above = parts.slice(0, index + 1).join('/') || '/';
      return existsSync(above) && (statSync(above).mode & 0o005) === 0o005;
    }),
  );
}

rigTest('a job that kills what started it fails, and the next runs all the same', async ({ rig }) => {
  const project = rig.project();
  project.submit('a-kills.sh', '#!/bin/sh\nkill -9 $PPID\nsleep 600\n', 0o700);
  project.submit('b.conf', ini('true'));
  const crew = await rig.startCrew();
  expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 3 });
  await crew.ends();
  expect(outcomesOf(project, 'a-kills.sh')).toEqual([
    ['failed', { kind: 'spawn-error', reason: 'the process that starts jobs died' }],
  ]);
  expect(outcomesOf(project, 'b.conf')).toEqual([['done', { kind: 'exit', code: 0 }]]);
  expect(crew.stdout.match(/Started with ID/g)).toHaveLength(2);
});
