import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killedAfter } from '../crash/every-call.js';
import { Rig } from '../rig/rig.js';
import { type JobAnswer, TestServer, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** A project in which job 1 has left two artifacts that nobody has asked for, copied for each round. */
const template = mkdtempSync('/tmp/fjr-template-');

beforeAll(async () => {
  const rig = new Rig();
  writeShellSpec(rig, 'makes', 'echo a > artifacts/a; echo b > artifacts/b');
  const server = await TestServer.start(rig);
  await server.hire();
  await server.start('makes');
  await waitUntil(
    'the job is done',
    () => rig.project().jobs('done'),
    (done) => done.length === 1,
  );
  await server.stop();
  // So that the first server of each round makes all that servers keep.
  rmSync(`${rig.project().root}/server`, { recursive: true });
  cpSync(rig.fjrHome, template, { recursive: true, preserveTimestamps: true });
  await rig.dispose(false);
});

afterAll(() => {
  rmSync(template, { recursive: true });
});

interface Heard {
  readonly created: number[];
  artifacts: string | undefined;
}

/** What a client hears before the server dies, if it does. */
async function talk(server: TestServer): Promise<Heard> {
  const heard: Heard = { created: [], artifacts: undefined };
  const ask = async (): Promise<void> => {
    heard.created.push((await server.start('makes')).created!);
    heard.artifacts = artifactsOf(await server.get(1));
    heard.created.push((await server.start('makes')).created!);
  };
  await ask().catch(() => undefined);
  return heard;
}

function artifactsOf({ artifacts }: JobAnswer): string {
  return JSON.stringify(artifacts);
}

interface Round {
  /** The call after which the server was killed; undefined: it was not. */
  readonly call: string | undefined;
  readonly faults: readonly string[];
}

async function playRound(n: number): Promise<Round> {
  const rig = new Rig();
  mkdirSync(rig.fjrHome, { mode: 0o700 });
  cpSync(template, rig.fjrHome, { recursive: true, preserveTimestamps: true });
  const note = `${rig.directory}/last-call`;
  const env = killedAfter(n, note);
  const faults: string[] = [];
  const heard = await TestServer.start(rig, ['--no-auth'], { env })
    .then(async (server) => {
      const answers = await talk(server);
      if (!existsSync(note)) await server.stop();
      return answers;
    })
    .catch((): Heard => ({ created: [], artifacts: undefined }));
  const call = existsSync(note) ? readFileSync(note, 'utf8') : undefined;
  const waiting = rig.project().jobs('jobqueue').map(numberOf);
  const lost = heard.created.filter((id) => !waiting.includes(id));
  if (lost.length > 0) faults.push(`accepted and lost: ${lost.join(', ')}`);

  const second = await TestServer.start(rig);
  const known = waiting.length > heard.created.length ? waiting : heard.created;
  const again = await talk(second);
  const ids = [1, ...known, ...again.created];
  if (again.created.length !== 2) faults.push('the second server does not answer');
  if (new Set(ids).size !== ids.length) faults.push(`numbers twice: ${ids.join(', ')}`);
  for (const id of heard.created)
    if ((await second.get(id)).job?.status !== 'queued') faults.push(`job ${id} is not known`);
  if (again.artifacts?.includes('"name":"b"') !== true)
    faults.push(`artifacts are lost: ${again.artifacts ?? ''}`);
  if (heard.artifacts !== undefined && heard.artifacts !== again.artifacts)
    faults.push(`artifacts were ${heard.artifacts} and are ${again.artifacts ?? ''}`);
  await second.stop();
  await rig.dispose(faults.length > 0);
  return { call, faults: faults.map((fault) => `${n}: ${call ?? 'it ended unharmed'}: ${fault}`) };
}

function numberOf(job: string): number {
  return Number(/-(\d+)\.json$/.exec(job)?.[1]);
}

describe('a server', () => {
  test(
    'that is killed after any change it makes loses nothing it has accepted, and numbers nothing twice',
    { timeout: 600_000 },
    async () => {
      const faults: string[] = [];
      let points = 0;
      for (let n = 1, survived = false; !survived; n++) {
        const round = await playRound(n);
        faults.push(...round.faults);
        if (round.call === undefined) survived = true;
        else points += 1;
      }
      console.log(`crash points tried: ${points}`);
      expect(faults.join('\n')).toBe('');
      expect(points).toBeGreaterThan(20);
    },
  );

  test('beside another gives out no number twice, whoever is killed', { timeout: 60_000 }, async () => {
    const rig = new Rig();
    writeShellSpec(rig, 'makes', 'true');
    const servers = [await TestServer.start(rig), await TestServer.start(rig)];
    const accepted: number[] = [];
    const client = async (server: TestServer): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const { created } = await server.start('makes').catch((): Partial<JobAnswer> => ({}));
        if (created === undefined) return;
        accepted.push(created);
        if (accepted.length === 100) servers[0]!.process.signal('SIGKILL');
      }
    };
    await Promise.all(servers.flatMap((server) => [client(server), client(server)]));
    expect(new Set(accepted).size).toBe(accepted.length);
    const waiting = readdirSync(`${rig.project().root}/jobqueue`)
      .filter((name) => !name.startsWith('.'))
      .map(numberOf);
    expect(accepted.filter((id) => !waiting.includes(id))).toEqual([]);
    expect(accepted.length).toBeGreaterThan(100);
    await servers[0]!.process.ends();
    await servers[1]!.stop();
    await rig.dispose(false);
  });
});
