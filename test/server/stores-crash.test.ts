import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killedAfter } from '../crash/every-call.js';
import { Rig } from '../rig/rig.js';
import { S3Rig, configureStore, hasS3 } from '../rig/s3.js';
import { TestServer, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

const s3 = new S3Rig();
/** A project in which job 1 has left three artifacts that are numbered, copied for each round. */
const template = mkdtempSync('/tmp/fjr-template-');

beforeAll(async () => {
  if (!hasS3) return;
  await s3.up();
  const rig = new Rig();
  writeShellSpec(rig, 'makes', 'mkdir artifacts/sub; for a in a b sub/c; do echo $a > artifacts/$a; done');
  const server = await TestServer.start(rig);
  await server.hire();
  await server.run('makes');
  await server.stop();
  cpSync(rig.fjrHome, template, { recursive: true, preserveTimestamps: true });
  await rig.dispose(false);
}, 120_000);

afterAll(() => {
  s3.down();
  rmSync(template, { recursive: true });
});

/** What there is of the job in the project, by its directories. */
function left(rig: Rig): string[] {
  const { root } = rig.project();
  return ['done', 'work', 'server/artifacts', 'server/stored', 'server/unwanted'].flatMap((directory) =>
    existsSync(`${root}/${directory}`)
      ? readdirSync(`${root}/${directory}`).map((name) => `${directory}/${name}`)
      : [],
  );
}

interface Round {
  readonly rig: Rig;
  readonly bucket: string;
  /** A server that dies after its n-th change, if there are so many until `isDone`. Returns that change. */
  readonly victim: (args: string[], isDone: () => boolean) => Promise<string | undefined>;
}

async function playRound(n: number, play: (round: Round) => Promise<string[]>): Promise<readonly string[]> {
  const rig = new Rig();
  mkdirSync(rig.fjrHome, { mode: 0o700 });
  cpSync(template, rig.fjrHome, { recursive: true, preserveTimestamps: true });
  const bucket = await s3.bucket();
  configureStore(rig, s3, bucket);
  const note = `${rig.directory}/last-call`;
  const victim: Round['victim'] = async (args, isDone) => {
    const server = await TestServer.start(rig, args, { env: killedAfter(n, note) }).catch(() => undefined);
    await waitUntil('it is dead or has done all', () => existsSync(note) || isDone(), Boolean);
    // It may still die while it ends.
    await server?.process.stop();
    return existsSync(note) ? readFileSync(note, 'utf8') : undefined;
  };
  const faults = await play({ rig, bucket, victim });
  await rig.dispose(faults.length > 0);
  return faults.map((fault) => `${n}: ${fault}`);
}

/** Rounds until a server survives. */
async function everyPoint(
  play: (round: Round, note: (call: string | undefined) => void) => Promise<string[]>,
): Promise<{ faults: string[]; points: number }> {
  const faults: string[] = [];
  let [next, points, survived] = [1, 0, false];
  const lane = async (): Promise<void> => {
    while (!survived) {
      const round = await playRound(next++, (each) =>
        play(each, (call) => {
          if (call === undefined) survived = true;
          else points += 1;
        }),
      );
      faults.push(...round);
    }
  };
  await Promise.all([lane(), lane()]);
  return { faults, points };
}

const keep = ['--no-auth', '--keep', '1s'];

function isSent(rig: Rig): boolean {
  return !left(rig).some((path) => path.startsWith('work/'));
}

describe.skipIf(!hasS3)('a server with a store', () => {
  test('that is killed after any change it makes loses no artifact', { timeout: 600_000 }, async () => {
    const { faults, points } = await everyPoint(async ({ rig, bucket, victim }, note) => {
      const call = await victim(['--no-auth'], () => isSent(rig));
      note(call);
      const server = await TestServer.start(rig);
      await waitUntil('all is sent', () => isSent(rig), Boolean);
      const { artifacts } = await server.get(1);
      const texts = await Promise.all(
        artifacts!.map(async ({ id }) => (await fetch(await server.linkTo(id))).text()),
      );
      const keys = await s3.keys(bucket);
      await server.stop();
      const seen = [texts.join(''), keys.length, left(rig).length];
      const expected = ['a\nb\nsub/c\n', 3, 1 + 4 + 1];
      return JSON.stringify(seen) === JSON.stringify(expected)
        ? []
        : [`${call ?? ''}: ${JSON.stringify(seen)}: ${left(rig).join(' ')}`];
    });
    console.log(`crash points tried: ${points}`);
    expect(faults.join('\n')).toBe('');
    expect(points).toBeGreaterThan(10);
  });

  test(
    'that is killed while it removes what is old leaves nothing behind',
    { timeout: 600_000 },
    async () => {
      const { faults, points } = await everyPoint(async ({ rig, bucket, victim }, note) => {
        const first = await TestServer.start(rig);
        await waitUntil('all is sent', () => isSent(rig), Boolean);
        await first.stop();
        const call = await victim(keep, () => left(rig).length === 0);
        note(call);
        const last = await TestServer.start(rig, keep);
        const seen = await waitUntil(
          'nothing is left',
          async () => [...left(rig), ...(await s3.keys(bucket))],
          (each) => each.length === 0,
        ).catch((error: unknown) => error as Error);
        await last.stop();
        return seen instanceof Error ? [`${call ?? ''}: ${seen.message}`] : [];
      });
      console.log(`crash points tried: ${points}`);
      expect(faults.join('\n')).toBe('');
      expect(points).toBeGreaterThan(10);
    },
  );
});
