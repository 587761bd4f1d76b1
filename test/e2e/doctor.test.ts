import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { isAlive } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import type { Rig } from '../rig/rig.js';
import { canHaveHosts, section, test } from '../rig/ssh-hosts.js';
import { waitUntil } from '../rig/wait-until.js';

interface Finding {
  readonly check: string;
  readonly host: string | null;
  readonly level: string;
  readonly what: string;
  readonly hint: string | null;
  readonly repairable: boolean;
}

interface Examination {
  readonly code: number | null;
  /** Without what is fine. */
  readonly findings: readonly Finding[];
  readonly fine: readonly string[];
  readonly repaired: readonly { readonly check: string; readonly did: string | null }[];
}

async function doctor(rig: Rig, ...args: string[]): Promise<Examination> {
  const { code, stdout, stderr } = await rig.run('fjr', ['--json', 'doctor', ...args]);
  expect(stderr).toBe('');
  const { findings, repaired } = JSON.parse(stdout) as Examination;
  const isFine = ({ level }: Finding): boolean => level === 'fine';
  return {
    code,
    findings: findings.filter((finding) => !isFine(finding)),
    fine: findings.filter(isFine).map(({ check }) => check),
    repaired,
  };
}

const said = ({ findings }: Examination): string[] => findings.map(({ level, what }) => `${level}: ${what}`);

/** What is found, what a repair says that it did, and that nothing is found afterwards. */
async function isMended(rig: Rig, found: readonly unknown[], did: readonly unknown[]): Promise<void> {
  const before = await doctor(rig);
  expect(said(before)).toEqual(found);
  expect(before.repaired).toEqual([]);
  const repair = await doctor(rig, '--repair');
  expect(repair.repaired.map((one) => one.did)).toEqual(did);
  expect(repair).toMatchObject({ code: 0, findings: [] });
  expect(await doctor(rig, '--repair')).toMatchObject({ code: 0, findings: [], repaired: [] });
}

/** Lets a file or directory be as old as one that nobody needs any more. */
function age(path: string): void {
  utimesSync(path, 1e9, 1e9);
}

async function makeProject(rig: Rig): Promise<string> {
  expect((await rig.run('fjr', ['pool', 'add', 'LICENCE', 'one'])).code).toBe(0);
  return rig.project().root;
}

async function killCrew(
  rig: Rig,
  crew: { signal: (name: 'SIGKILL') => void; ends: () => Promise<unknown> },
): Promise<string> {
  const [file] = rig.project().crews();
  crew.signal('SIGKILL');
  await crew.ends();
  await waitUntil(
    'its guardian is gone',
    () => isAlive(file!.guardianPid),
    (alive) => !alive,
  );
  return file!.id;
}

describe('fjr doctor', () => {
  test('finds nothing wrong with a project at work, and leaves nothing behind', async ({ rig }) => {
    const root = await makeProject(rig);
    const crew = await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    rig.project().submit('job.conf', controlledJob());
    const job = await rig.jobs.started('job.conf');
    const before = readdirSync(root).sort();

    const { code, stdout, stderr } = await rig.run('fjr', ['doctor']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^project "default" in \S+, seen from \S+\n( {2}ok .*\n)+Nothing is wrong\.\n$/);
    expect(stdout).toContain('1 crew with 2 workers, 1 busy');
    expect(stdout).toMatch(/ok {7}locks +dispatcher: process \d+ on \S+, last heard of/);
    expect(readdirSync(root).sort()).toEqual(before);
    job.exit(0);
    await waitUntil(
      'it is done',
      () => rig.project().jobs('done'),
      (done) => done.length === 1,
    );
    await dispatcher.stop();
    await crew.stop();
  });

  test('says so when there is nothing to repair, and when there is no such project', async ({ rig }) => {
    await makeProject(rig);
    const { code, stdout } = await rig.run('fjr', ['doctor', '--repair']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nThere was nothing to repair\.\nNothing is wrong\.\n$/);
    const missing = await rig.run('fjr', ['--project', 'nosuch', 'doctor']);
    expect(missing).toMatchObject({ code: 4, stdout: '' });
    expect(missing.stderr).toContain('there is no project "nosuch"');
  });

  test('mends what a killed crew has left: its jobs wait again, its pool items are free', async ({ rig }) => {
    await makeProject(rig);
    const crew = await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    rig.project().submit('job.conf', controlledJob({ resources: 'LICENCE' }));
    await rig.jobs.started('job.conf');
    await dispatcher.stop();
    const id = await killCrew(rig, crew);

    const found = await doctor(rig);
    expect(found.code).toBe(3);
    expect(said(found)).toEqual([`fault: crew ${id} is dead and holds 1 job started, 1 pool item`]);
    const repair = await rig.run('fjr', ['doctor', '--repair']);
    expect(repair.stdout).toContain(`repaired\n  crews: gave 1 job back, buried the pod of ${id}\n`);
    // What waits now is told, too: nobody is there any more.
    expect(repair.code).toBe(0);
    expect(said(await doctor(rig))).toEqual([
      'warning: 1 job waits, and nobody hands them out',
      'warning: 1 job waits, and there is no worker',
    ]);
    expect(rig.project().entries('jobqueue')).toEqual([
      expect.stringMatching(/^job@[0-9a-z]{10}\+l1\.conf$/),
    ]);
    expect(rig.project().pool('LICENCE')).toHaveLength(1);
    expect(rig.project().announced()).toEqual([]);
    expect(readdirSync(`${rig.project().root}/logs`).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('mends a pod that was taken away and not emptied', async ({ rig }) => {
    const root = await makeProject(rig);
    const pod = `${root}/jobpods/far-00000000.fenced`;
    mkdirSync(`${pod}/running`, { recursive: true });
    mkdirSync(`${pod}/items`);
    writeFileSync(`${pod}/job@0123456789.conf`, ini('true'));
    await doctor(rig, '--repair');
    expect(existsSync(pod)).toBe(false);
    expect(rig.project().entries('jobqueue')).toEqual(['job@0123456789.conf']);
  });

  test('mends announcements of crews that are gone, and no others', async ({ rig }) => {
    const root = await makeProject(rig);
    const crew = await rig.startCrew();
    await waitUntil(
      'it is announced',
      () => rig.project().announced(),
      (names) => names.length === 1,
    );
    for (const worker of [1, 2]) writeFileSync(`${root}/workerqueue/far-00000000.${worker}`, '');
    await isMended(
      rig,
      ['warning: 2 workers announced of crews that are gone: far-00000000.1, far-00000000.2'],
      ['removed 2 badges'],
    );
    expect(rig.project().announced()).toHaveLength(1);
    await crew.stop();
  });

  test("mends the lock of a killed dispatcher, and leaves a live one's alone", async ({ rig }) => {
    const root = await makeProject(rig);
    const first = rig.start('fjr-dispatcher', ['--keep-running']);
    await first.says('Started on project');
    expect(await doctor(rig, '--repair')).toMatchObject({ code: 0, findings: [], repaired: [] });
    first.signal('SIGKILL');
    await first.ends();
    await isMended(
      rig,
      [expect.stringMatching(/^warning: dispatcher\.lock belongs to process \d+ on \S+, which is dead$/)],
      ['took dispatcher.lock and gave it back'],
    );
    expect(readdirSync(root).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  test('mends a lock without an owner, as a crash may leave it', async ({ rig }) => {
    const root = await makeProject(rig);
    mkdirSync(`${root}/dispatcher.lock`);
    await isMended(
      rig,
      ['warning: dispatcher.lock belongs to nobody'],
      ['took dispatcher.lock and gave it back'],
    );
  });

  test('says who has a lock on another host and is silent, and does not touch it', async ({ rig }) => {
    const root = await makeProject(rig);
    mkdirSync(`${root}/dispatcher.lock`);
    const owner = { host: 'far', bootId: 'b', pidNamespace: '1', pid: 7, started: '1', beat: 3, hints: [] };
    writeFileSync(`${root}/dispatcher.lock.owner`, JSON.stringify(owner));
    expect(said(await doctor(rig))).toEqual([]);
    age(`${root}/dispatcher.lock.owner`);
    const { code, findings, repaired } = await doctor(rig, '--repair');
    expect({ code, repaired }).toEqual({ code: 0, repaired: [] });
    expect(findings).toMatchObject([
      {
        what: expect.stringMatching(
          /^dispatcher\.lock belongs to process 7 on far, last heard of \d+ days ago$/,
        ),
        hint: 'if that is gone: fjr-dispatcher --standby takes over when it has watched for a minute',
      },
    ]);
    rmSync(`${root}/dispatcher.lock`, { recursive: true });
    rmSync(`${root}/dispatcher.lock.owner`);
  });

  test('says which crew of another host is silent, and leaves its pod to the dispatcher', async ({ rig }) => {
    const root = await makeProject(rig);
    const crew = await rig.startCrew();
    const [here] = rig.project().crews();
    const pod = `${root}/jobpods/far-00000000`;
    mkdirSync(`${pod}/running`, { recursive: true });
    writeFileSync(`${pod}/crew.json`, JSON.stringify({ ...here, id: 'far-00000000', host: 'far' }));
    writeFileSync(`${pod}/heartbeat`, '\n');
    writeFileSync(`${pod}/running/job@0123456789.conf`, ini('true'));
    expect(said(await doctor(rig))).toEqual([]);
    age(`${pod}/heartbeat`);
    const { findings, repaired } = await doctor(rig, '--repair');
    expect(repaired).toEqual([]);
    expect(findings).toMatchObject([
      {
        level: 'warning',
        what: expect.stringMatching(
          /^crew far-00000000 on far was last heard of \d+ days ago \(its lease is 30 s\) and holds 1 job started$/,
        ),
        hint: 'fjr-dispatcher gives back what it holds; if far is up, on it: fjr-recruiter --local-only fire',
      },
    ]);
    expect(existsSync(pod)).toBe(true);
    rmSync(pod, { recursive: true });
    await crew.stop();
  });

  test('mends a project that others may write to or read, and a directory that is missing', async ({
    rig,
  }) => {
    const root = await makeProject(rig);
    chmodSync(root, 0o770);
    rmdirSync(`${root}/done`);
    await isMended(
      rig,
      [
        `fault: ${root}/done is missing`,
        `fault: others can write to ${root} (0770): they could take jobs, and change what runs`,
      ],
      [`made ${root}/done`, `closed ${root} to others`],
    );
    chmodSync(root, 0o755);
    await isMended(
      rig,
      [`warning: others can read ${root} (0755): job files and what jobs print`],
      [`closed ${root} to others`],
    );
  });

  test('finds a directory in the way, and goes on with the other checks', async ({ rig }) => {
    const root = await makeProject(rig);
    rmdirSync(`${root}/workerqueue`);
    writeFileSync(`${root}/workerqueue`, '');
    const { code, findings, fine } = await doctor(rig);
    expect(code).toBe(3);
    expect(findings.map(({ check }) => check)).toContain('directories');
    expect(fine).toEqual(
      expect.arrayContaining(['renames', 'space', 'clock', 'crews', 'locks', 'leftovers']),
    );
  });

  test('mends what programs leave that are killed, once it is old', async ({ rig }) => {
    const root = await makeProject(rig);
    const left = [
      `${root}/jobqueue/.submit-0123456789`,
      `${root}/.probe-0123456789`,
      `${root}/.doctor-0123456789`,
    ];
    for (const path of left) writeFileSync(path, '');
    expect(said(await doctor(rig))).toEqual([]);
    left.forEach(age);
    await isMended(
      rig,
      [`note: 3 files of programs that were killed: ${root}/jobqueue/.submit-0123456789 …`],
      ['removed 3 files'],
    );
    expect(left.filter(existsSync)).toEqual([]);
  });

  test('makes logs of what a crew that is gone has left', async ({ rig }) => {
    const root = await makeProject(rig);
    const scratch = `${root}/logs/.far-00000000`;
    mkdirSync(scratch);
    writeFileSync(`${scratch}/1.out`, 'as far as it came\n');
    writeFileSync(`${scratch}/1.err`, '');
    expect(said(await doctor(rig))).toEqual([]);
    age(scratch);
    await isMended(
      rig,
      [`note: scratch files of 1 crew that is gone, in ${root}/logs`],
      ['made logs of what 1 crew left'],
    );
    expect(readFileSync(`${root}/logs/far-00000000.1.out`, 'utf8')).toBe('as far as it came\n');
    expect(existsSync(scratch)).toBe(false);
  });

  test('mends a lock of ours on an item that is free, and tells of the locks of others', async ({ rig }) => {
    const root = await makeProject(rig);
    const [item] = rig.project().pool('LICENCE');
    const lock = `${root}/resources/LICENCE/${item!}.lock`;
    mkdirSync(lock);
    writeFileSync(`${lock}/owner@0123456789`, '');
    await isMended(
      rig,
      [`warning: item LICENCE/${item!} is free, and locked by a job that is over`],
      [`unlocked LICENCE/${item!}`],
    );
    mkdirSync(lock);
    age(lock);
    expect(said(await doctor(rig))).toEqual([
      expect.stringMatching(/^note: item LICENCE\/\S+ has been locked by another program for \d+ days$/),
    ]);
    rmSync(`${root}/resources/LICENCE/${item!}`);
    expect(said(await doctor(rig, '--repair'))).toEqual([
      `warning: item LICENCE/${item!} is locked, and is neither in its pool nor with a crew`,
    ]);
  });

  test('finds crews of another version', async ({ rig }) => {
    const root = await makeProject(rig);
    const crew = await rig.startCrew();
    const [file] = rig.project().crews();
    writeFileSync(`${root}/jobpods/${file!.id}/crew.json`, JSON.stringify({ ...file, version: '0.0.1' }));
    const { findings } = await doctor(rig);
    expect(findings).toMatchObject([
      { check: 'versions', level: 'warning', what: expect.stringContaining('runs fjr 0.0.1, and this is ') },
    ]);
    await crew.stop();
  });

  test('finds names that do not belong where they are', async ({ rig }) => {
    const root = await makeProject(rig);
    writeFileSync(`${root}/jobpods/job.conf`, ini('true'));
    writeFileSync(`${root}/workerqueue/job.conf`, ini('true'));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/done/`), Buffer.from([0x66, 0xff])]), '');
    rig.project().submit('job.conf.tmp', ini('true'));
    age(`${root}/jobqueue/job.conf.tmp`);
    expect(said(await doctor(rig))).toEqual([
      `note: job.conf in ${root}/workerqueue is no badge`,
      `warning: 1 name in ${root}/done is not UTF-8: f\ufffd`,
      `note: job.conf.tmp in ${root}/jobqueue: names that end in ~ or .tmp are passed over`,
      `warning: job.conf in ${root}/jobpods is no pod`,
    ]);
  });

  test('tells a terminal nothing that names could make it do', async ({ rig }) => {
    const root = await makeProject(rig);
    writeFileSync(`${root}/jobpods/\u001b[2J`, '');
    const { stdout } = await rig.run('fjr', ['doctor']);
    expect(stdout).toContain('\\u{1b}[2J in ');
    expect(stdout).not.toContain('\u001b');
  });

  describe.skipIf(process.getuid?.() !== 0)('with a disk of its own', () => {
    test('finds that it is full, and tells of all else that it can', async ({ rig }) => {
      const root = await makeProject(rig);
      const big = mountFullDisk(root);
      try {
        const full = await doctor(rig);
        expect(full.code).toBe(3);
        expect(full.findings).toContainEqual(
          expect.objectContaining({
            check: 'space',
            level: 'fault',
            hint: 'the disk is full: free some space',
          }),
        );
        expect(full.fine).toEqual(expect.arrayContaining(['directories', 'permissions', 'crews', 'pools']));
        rmSync(big);
        const little = await doctor(rig);
        expect(said(little)).toEqual([expect.stringMatching(/^fault: only \d\.\d MiB, \d+ files free$/)]);
      } finally {
        execFileSync('umount', [root]);
      }
    });

    test('finds a directory that lies on another', async ({ rig }) => {
      const root = await makeProject(rig);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=700', 'tmpfs', `${root}/done`]);
      try {
        const { code, findings } = await doctor(rig);
        expect(code).toBe(3);
        expect(findings.map(({ what }) => what)).toEqual([
          `${root}/done lies on another filesystem than ${root}`,
          expect.stringContaining('EXDEV'),
        ]);
        expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
      } finally {
        execFileSync('umount', [`${root}/done`]);
      }
    });
  });
});

describe.skipIf(!canHaveHosts)('fjr doctor with a remote.conf', () => {
  test('examines each host, tells of those that it cannot reach, and leaves nothing behind', async ({
    rig,
    hosts,
  }) => {
    const root = await makeProject(rig);
    await hosts.start('w1');
    await hosts.start('w2', { prepare: `mount -t tmpfs tmpfs '${root}'` });
    const broken = section('broken', { name: 'w3', workers: 'many' });
    const here = section('here', { name: 'localhost' });
    writeFileSync(`${root}/remote.conf`, `${hosts.conf(['w1', 'w2'])}\n${broken}\n${here}`);
    const before = readdirSync(root).sort();

    const { code, stdout } = await rig.run('fjr', ['--json', 'doctor']);

    expect(code).toBe(3);
    const { findings } = JSON.parse(stdout) as Examination;
    const of = (host: string): string[] =>
      findings
        .filter((finding) => finding.host === host)
        .map(({ check, level, what }) => `${level} ${check}: ${what}`);
    for (const [name, own] of [
      ['host1', 'w1'],
      ['here', '\\S+'],
    ] as const)
      expect(of(name)).toEqual([
        expect.stringMatching(new RegExp(`^fine connection: is ${own}, with Node v`)),
        expect.stringMatching(/^fine filesystem: /),
        expect.stringMatching(/^fine clock: /),
        expect.stringMatching(/^fine programs: /),
        expect.stringMatching(/ visibility: new files are seen after [\d.]+ s/),
        expect.stringMatching(/^fine renames: 200 files were moved by both hosts at once/),
        expect.stringMatching(/^fine hints: /),
      ]);
    expect(of('host2')).toEqual([
      `fault connection: no shared home: it does not see what is written here to ${root}`,
    ]);
    expect(findings.filter(({ check }) => check === 'remote.conf')).toMatchObject([
      { level: 'fault', what: expect.stringContaining('[broken] workers is "many"') },
    ]);
    expect(readdirSync(root).sort()).toEqual(before);
    const local = await doctor(rig, '--local-only');
    expect(local).toMatchObject({ code: 0, findings: [] });
  });

  test('ends at Ctrl-C, and leaves nothing behind', async ({ rig, hosts }) => {
    const root = await makeProject(rig);
    await hosts.start('w1', { prepare: 'true' });
    writeFileSync(`${root}/remote.conf`, hosts.conf(['w1'], { env: `NODE_OPTIONS=--require=${stall(rig)}` }));
    const before = readdirSync(root).sort();
    const examining = rig.start('fjr', ['doctor']);
    await waitUntil(
      'the host is asked',
      () => readdirSync(rig.directory),
      (names) => names.includes('stalled'),
    );
    examining.signal('SIGINT');
    expect((await examining.ends()).code).toBe(130);
    expect(readdirSync(root).sort()).toEqual(before);
  });
});

/** A module that lets a program hang before it begins. */
function stall(rig: Rig): string {
  const path = `${rig.directory}/stall.cjs`;
  writeFileSync(
    path,
    `require('node:fs').writeFileSync('${rig.directory}/stalled', ''); setInterval(() => 0, 1e6); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);`,
  );
  return path;
}

/** The project again, on a small filesystem that is full; returns what fills it. */
function mountFullDisk(root: string): string {
  const names = readdirSync(root);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', root]);
  for (const name of names) mkdirSync(`${root}/${name}`, { mode: 0o700 });
  const big = `${root}/logs/big`;
  try {
    writeFileSync(big, Buffer.alloc(4 * 1024 * 1024));
  } catch {
    // It is full now.
  }
  return big;
}
