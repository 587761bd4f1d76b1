import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomesOf, submitRanks, submitTasks } from '../rig/fan-out.js';
import { type ProjectFiles, ini } from '../rig/project-files.js';
import { Rig } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';
import { type Scenario, crashAtEveryCall } from './every-call.js';

/** A crew more, and a dispatcher that does what is left and fires everybody. */
async function finish(rig: Rig): Promise<void> {
  await rig.startCrew(['--workers', '2']);
  const { code, stderr } = await rig.run('fjr-dispatcher', quick);
  expect([0, 3], stderr).toContain(code);
}

const quick = ['--interval', '0.1'];
const done: readonly 'done'[] = ['done'];
const ended: readonly ('done' | 'failed')[] = ['done', 'failed'];

/** Prints, so that there are logs to keep; waits, if the test has not opened its gate. */
const gated = ini(`sh -c 'echo "$FJR_ATTEMPT"; test -e "$LEDGER/gate" || exec sleep 600'`);
const plain = ini('true');
const flaky = ini(`sh -c 'test "$FJR_ATTEMPT" -gt 1'`, { retries: 1, 'retry-delay': 0.1 });
const pooled = ini(`sh -c 'echo "$TASK_RESOURCE_PROXY"; test -e "$LEDGER/gate" || exec sleep 600'`, {
  resources: 'PROXY',
  priority: 1,
});

const fourJobs = { 'flaky.conf': done, 'plain1.conf': done, 'plain2.conf': done, 'pooled.conf': done };

const crashedJobs = { ...fourJobs, 'unlucky.conf': ['failed'] } as const;

function submitFour(rig: Rig): void {
  const project = rig.project();
  project.addPool('PROXY', { one: '1', two: '2' });
  project.submitOld('flaky.conf', flaky);
  project.submitOld('plain1.conf', plain);
  project.submitOld('plain2.conf', plain);
  project.submitOld('pooled.conf', pooled);
}

/** Six tasks that print; one of them fails the first time. */
function submitSweep(rig: Rig): void {
  const line = 'echo "$INPUT"; [ "$INPUT" != 3 ] || [ "$FJR_ATTEMPT" -gt 1 ]';
  const inputs = ['0', '1', '2', '3', '4', '5'];
  submitTasks(rig.project().root, 'sweep.run', line, inputs, { retries: 1, retryDelay: 0.1 });
}

function faultsOfSweep(project: ProjectFiles): string[] {
  const [entry = ''] = project.entries('done');
  const { accepted, output } = outcomesOf(`${project.root}/done/${entry}`);
  return [0, 1, 2, 3, 4, 5].flatMap((task) =>
    accepted.get(task) === 'done' && output(task) === `${task}\n`
      ? []
      : [`task ${task}: ${accepted.get(task) ?? 'no outcome'}, printed ${JSON.stringify(output(task))}`],
  );
}

/** Ranks that end only when all of them are there. */
function submitGang(rig: Rig): void {
  const meet = `${rig.ledger}/meet`;
  mkdirSync(meet, { recursive: true });
  const line = `: > ${meet}/$RANK.$$; while [ $(ls ${meet} | cut -d. -f1 | sort -u | wc -l) -lt 2 ]; do sleep 0.02; done; echo "$RANK"`;
  submitRanks(rig.project().root, 'gang.run', line, 2);
}

function faultsOfGang(project: ProjectFiles): string[] {
  const [entry = ''] = project.entries('done');
  const { accepted, output } = outcomesOf(`${project.root}/done/${entry}`);
  return [0, 1].flatMap((rank) =>
    accepted.get(rank) === 'done' && output(rank) === `${rank}\n`
      ? []
      : [`rank ${rank}: ${accepted.get(rank) ?? 'no outcome'}, printed ${JSON.stringify(output(rank))}`],
  );
}

/** A fan-out job, and what is wrong with how it ended. */
type Tasks = Pick<Scenario, 'jobs' | 'check'> & { readonly submit: (rig: Rig) => void };

const sweep: Tasks = { jobs: { 'sweep.run': done }, check: faultsOfSweep, submit: submitSweep };
const gang: Tasks = { jobs: { 'gang.run': done }, check: faultsOfGang, submit: submitGang };

/** The crew that runs it is killed. */
function crewOf({ submit, ...tasks }: Tasks): Scenario {
  return {
    ...tasks,
    begin(rig, { env }) {
      submit(rig);
      const dispatcher = rig.start('fjr-dispatcher', quick);
      const victim = rig.start('fjr-worker', ['--workers', '2'], { env });
      return {
        victim,
        others: [dispatcher],
        recover: async () => {
          await rig.startCrew(['--workers', '2']);
          await dispatcher.ends();
          await rig.run('fjr-dispatcher', quick);
        },
      };
    },
  };
}

/** The dispatcher that gives it out is killed. */
function dispatcherOf({ submit, ...tasks }: Tasks): Scenario {
  return {
    ...tasks,
    async begin(rig, { env }) {
      submit(rig);
      const crew = await rig.startCrew(['--workers', '2']);
      const victim = rig.start('fjr-dispatcher', quick, { env });
      return { victim, others: [crew], recover: () => finish(rig) };
    },
  };
}

function openGate(rig: Rig): void {
  writeFileSync(`${rig.ledger}/gate`, '');
}

/** Projects that are made once and copied for each round. */
const templates = mkdtempSync('/tmp/fjr-templates-');
afterAll(() => {
  rmSync(templates, { recursive: true });
});

function lay(rig: Rig, template: string): void {
  mkdirSync(rig.fjrHome, { recursive: true, mode: 0o700 });
  cpSync(`${templates}/${template}`, rig.fjrHome, { recursive: true, preserveTimestamps: true });
}

/** Assigns as a dispatcher does: by a rename. */
function assignByHand(rig: Rig, job: string, crew: string): void {
  const { root } = rig.project();
  renameSync(`${root}/jobqueue/${job}`, `${root}/jobpods/${crew}/${job.replace('.', '@hand000000.')}`);
}

/**
 * What a crew and a dispatcher leave that are killed in the middle: a job runs with an item, another is assigned, and
 * one has lost its fifth crew now.
 */
async function makeCrashed(): Promise<void> {
  const rig = new Rig();
  submitFour(rig);
  const crew = await rig.startCrew(['--workers', '1']);
  const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
  await waitUntil(
    'the job with an item runs',
    () => rig.project().log(rig.project().places().running[0] ?? '', 'out'),
    (printed) => printed !== '',
  );
  dispatcher.signal('SIGKILL');
  await dispatcher.ends();
  crew.signal('SIGKILL');
  await crew.ends();
  const pod = rig.project().pods()[0]!;
  assignByHand(rig, 'plain2.conf', pod);
  writeFileSync(`${rig.project().root}/jobpods/${pod}/running/unlucky@hand000000+l4.conf`, plain);
  cpSync(rig.fjrHome, `${templates}/crashed`, { recursive: true, preserveTimestamps: true });
  await rig.dispose(true);
}

/** Two jobs that have failed. */
async function makeFailed(): Promise<void> {
  const rig = new Rig();
  const fails = ini(`sh -c 'test -e "$LEDGER/gate"'`);
  for (const name of ['one.conf', 'two.conf']) rig.project().submitOld(name, fails);
  await rig.startCrew();
  await rig.run('fjr-dispatcher', quick);
  expect(rig.project().jobs('failed')).toEqual(['one.conf', 'two.conf']);
  cpSync(rig.fjrHome, `${templates}/failed`, { recursive: true, preserveTimestamps: true });
  await rig.dispose(false);
}

beforeAll(async () => {
  await makeCrashed();
  await makeFailed();
});

const scenarios: Record<string, Scenario> = {
  'fjr-worker': {
    jobs: fourJobs,
    begin(rig, { env }) {
      submitFour(rig);
      openGate(rig);
      const dispatcher = rig.start('fjr-dispatcher', quick);
      const victim = rig.start('fjr-worker', ['--workers', '2'], { env });
      return {
        victim,
        others: [dispatcher],
        recover: async () => {
          await rig.startCrew(['--workers', '2']);
          await dispatcher.ends();
          // It may have ended before the crash.
          await rig.run('fjr-dispatcher', quick);
        },
      };
    },
  },
  'fjr-dispatcher': {
    jobs: crashedJobs,
    async begin(rig, { env }) {
      lay(rig, 'crashed');
      openGate(rig);
      const crew = await rig.startCrew(['--workers', '2']);
      const victim = rig.start('fjr-dispatcher', quick, { env });
      return { victim, others: [crew], recover: () => finish(rig) };
    },
  },
  'fjr-worker with slices': crewOf(sweep),
  'fjr-dispatcher of slices': dispatcherOf(sweep),
  'fjr-worker with ranks of a gang': crewOf(gang),
  'fjr-dispatcher of a gang': dispatcherOf(gang),
  'fjr-recruiter hire': {
    jobs: fourJobs,
    begin(rig, { env }) {
      submitFour(rig);
      openGate(rig);
      const hire = ['--multiplexer', 'none', 'hire', '2'];
      const victim = rig.start('fjr-recruiter', hire, { env });
      return {
        victim,
        others: [],
        recover: async () => {
          expect(await rig.run('fjr-recruiter', hire)).toMatchObject({ code: 0, stderr: '' });
          await finish(rig);
        },
      };
    },
  },
  'fjr-recruiter fire': {
    jobs: crashedJobs,
    async begin(rig, { env }) {
      lay(rig, 'crashed');
      openGate(rig);
      const crew = await rig.startCrew();
      const victim = rig.start('fjr-recruiter', ['fire'], { env });
      return {
        victim,
        others: [crew],
        recover: async () => {
          expect(await rig.run('fjr-recruiter', ['fire'])).toMatchObject({ code: 0 });
          await finish(rig);
        },
      };
    },
  },
  'fjr submit': {
    jobs: { 'one.conf': done, 'two.conf': done },
    submits: true,
    begin(rig, { env }) {
      const files = ['one.conf', 'two.conf'].map((name) => `${rig.directory}/${name}`);
      for (const file of files) writeFileSync(file, plain);
      return {
        victim: rig.start('fjr', ['submit', ...files], { env }),
        others: [],
        recover: async () => {
          for (const file of files) {
            const { code, stderr } = await rig.run('fjr', ['submit', file]);
            if (code !== 0) expect(stderr).toContain(' waits in project "default" already\n');
          }
          await finish(rig);
        },
      };
    },
  },
  'fjr retry': {
    jobs: { 'one.conf': done, 'two.conf': done },
    begin(rig, { env }) {
      lay(rig, 'failed');
      openGate(rig);
      return {
        victim: rig.start('fjr', ['retry', '--failed'], { env }),
        others: [],
        recover: async () => {
          expect(await rig.run('fjr', ['retry', '--failed'])).toMatchObject({ code: 0, stderr: '' });
          await finish(rig);
        },
      };
    },
  },
  'fjr cancel': {
    // What runs may end before it is stopped; what is withdrawn from a dead crew may run again.
    jobs: {
      'flaky.conf': ended,
      'plain1.conf': ended,
      'plain2.conf': ended,
      'pooled.conf': ended,
      'here.conf': ended,
      'unlucky.conf': ['failed'],
    },
    async begin(rig, { env }) {
      lay(rig, 'crashed');
      rig.project().submitOld('here.conf', gated);
      const crew = await rig.startCrew();
      const living = rig
        .project()
        .crews()
        .find(({ pid }) => pid === crew.pid)!;
      assignByHand(rig, 'here.conf', living.id);
      await waitUntil(
        'the job runs',
        () => rig.project().places(),
        ({ running }) => running.some((entry) => entry.startsWith('here@')),
      );
      const victim = rig.start('fjr', ['cancel', '--all'], { env });
      return {
        victim,
        others: [crew],
        recover: async () => {
          const again = await rig.run('fjr', ['cancel', '--all']);
          expect([0, 3], again.stderr).toContain(again.code);
          openGate(rig);
          await finish(rig);
        },
      };
    },
  },
};

const tried: string[] = [];
afterAll(() => {
  console.log(`crash points tried: ${tried.join(', ')}`);
});

// About a hundred and eighty rounds of one to three seconds each.
describe('SIGKILL after any filesystem call loses, doubles and leaks nothing', { timeout: 600_000 }, () => {
  for (const [name, scenario] of Object.entries(scenarios))
    test(name, async () => {
      const { points, faults } = await crashAtEveryCall(scenario);
      tried.push(`${name} ${points}`);
      expect(faults.join('\n')).toBe('');
    });
});
