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

/** Requests that are sent again until they are answered; of one of them the job is gone by then. */
const keys = ['waits', 'is-gone'] as const;

interface Heard {
  readonly created: number[];
  /** Answers to requests with a key. */
  readonly keyed: Map<string, number>;
  artifacts: string | undefined;
}

/** What a client hears before the server dies, if it does. */
async function talk(server: TestServer): Promise<Heard> {
  const heard: Heard = { created: [], keyed: new Map(), artifacts: undefined };
  const ask = async (): Promise<void> => {
    heard.created.push((await server.start('makes')).created!);
    for (const key of keys) heard.keyed.set(key, (await server.start('makes', { key }, key)).created!);
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
    .catch((): Heard => ({ created: [], keyed: new Map(), artifacts: undefined }));
  const call = existsSync(note) ? readFileSync(note, 'utf8') : undefined;
  const before = jobsIn(rig);
  const waiting = before.map(({ id }) => id);
  const accepted = [...heard.created, ...heard.keyed.values()];
  const lost = accepted.filter((id) => !waiting.includes(id));
  if (lost.length > 0) faults.push(`accepted and lost: ${lost.join(', ')}`);
  // It has run, and was removed.
  const gone = before.filter(({ key }) => key === 'is-gone');
  for (const { name } of gone) rmSync(`${rig.project().root}/jobqueue/${name}`);

  const second = await TestServer.start(rig);
  const again = await talk(second);
  faults.push(...faultsOfKeys(heard, again, gone, jobsIn(rig)));
  const known = before.filter(({ key }) => key === undefined).map(({ id }) => id);
  const ids = [1, ...known, ...again.created, ...again.keyed.values()];
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

interface WaitingJob {
  readonly name: string;
  readonly id: number;
  /** The key that it was submitted with. */
  readonly key: string | undefined;
}

function jobsIn(rig: Rig): WaitingJob[] {
  const queue = `${rig.project().root}/jobqueue`;
  const names = readdirSync(queue).filter((name) => !name.startsWith('.'));
  return names.map((name) => {
    const job = JSON.parse(readFileSync(`${queue}/${name}`, 'utf8')) as {
      id: number;
      parameters: Record<string, string>;
    };
    return { name, id: job.id, key: job.parameters['key'] };
  });
}

/** Each key has one job, whatever was heard of it, and one that is gone does not come back. */
function faultsOfKeys(
  heard: Heard,
  again: Heard,
  gone: readonly WaitingJob[],
  after: readonly WaitingJob[],
): string[] {
  return keys.flatMap((key) => {
    const jobs = [...gone, ...after].filter((job) => job.key === key).map(({ id }) => id);
    const answers = [heard, again].flatMap(({ keyed }) => keyed.get(key) ?? []);
    const isOne = jobs.length === 1 && answers.length > 0 && answers.every((id) => id === jobs[0]);
    return isOne
      ? []
      : [`the key "${key}" has jobs ${jobs.join(', ')} and was answered ${answers.join(', ')}`];
  });
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
      let next = 1;
      let survived = false;
      const lane = async (): Promise<void> => {
        while (!survived) {
          const round = await playRound(next++);
          faults.push(...round.faults);
          if (round.call === undefined) survived = true;
          else points += 1;
        }
      };
      await Promise.all([lane(), lane()]);
      console.log(`crash points tried: ${points}`);
      expect(faults.join('\n')).toBe('');
      expect(points).toBeGreaterThan(35);
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

  test(
    'beside another starts once what clients ask both for with one key, whoever is killed',
    { timeout: 60_000 },
    async () => {
      const rig = new Rig();
      writeShellSpec(rig, 'makes', 'true');
      const servers = [await TestServer.start(rig), await TestServer.start(rig)] as const;
      const answers = new Map<string, Set<number>>();
      let answered = 0;
      const ask = async (server: TestServer, key: string): Promise<void> => {
        const { created } = await server.start('makes', { key }, key).catch((): Partial<JobAnswer> => ({}));
        if (created === undefined) return;
        answers.set(key, (answers.get(key) ?? new Set()).add(created));
        if (++answered === 120) servers[0].process.signal('SIGKILL');
      };
      const wanted = Array.from({ length: 80 }, (_, n) => `key ${n}`);
      const client = async (own: readonly string[]): Promise<void> => {
        for (const key of own)
          await Promise.all(servers.flatMap((server) => [ask(server, key), ask(server, key)]));
      };
      await Promise.all([client(wanted.slice(0, 40)), client(wanted.slice(40))]);
      await servers[0].process.ends();
      for (const key of wanted) await ask(servers[1], key);
      const waiting = jobsIn(rig);
      const faults = wanted.filter((key) => {
        const jobs = waiting.filter((job) => job.key === key);
        return jobs.length !== 1 || String([...(answers.get(key) ?? [])]) !== String(jobs[0]?.id);
      });
      expect({ faults, waiting: waiting.length }).toEqual({ faults: [], waiting: wanted.length });
      expect(answered).toBeGreaterThan(200);
      await servers[1].stop();
      await rig.dispose(false);
    },
  );
});
