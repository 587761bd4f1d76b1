import { existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { newToken } from '../../src/queue/token.js';
import { ensureNumbers } from '../../src/server/claim-numbers.js';
import { LiveIndex } from '../../src/server/feed/live-index.js';
import type { Served } from '../../src/server/served.js';
import { ServerPaths } from '../../src/server/server-paths.js';
import { JobFiles } from '../../src/server/workers/job-files.js';
import type { Held } from '../../src/server/workers/remote-crew.js';
import { RemoteCrews, type WorkerOffer } from '../../src/server/workers/remote-crews.js';
import { SharedFlushes } from '../../src/system/durable-files.js';
import { type FileCall, type FileReply, MountedFiles } from '../../src/system/files.js';
import { mountedStaging } from '../../src/system/staging.js';
import { test as rigTest } from '../rig/rig.js';
import { servedBy } from '../rig/served.js';

/** Which directories were listed. */
class Counting extends MountedFiles {
  listed: string[] = [];

  override call(call: FileCall): FileReply {
    if (call.op === 'list') this.listed.push(call.path);
    return super.call(call);
  }
}

/** What keeps crews on a project without a dispatcher: the test assigns jobs itself. */
class Keeper {
  readonly layout: Layout;
  readonly files = new Counting({ shared: false, fsync: false });
  readonly served: Served;
  readonly #index: LiveIndex;
  readonly #paths: ServerPaths;
  readonly #closing = new AbortController();
  readonly #crews: RemoteCrews[] = [];

  constructor(root: string, rest: Partial<Served> = {}) {
    const { files } = this;
    this.layout = new Layout(root);
    this.#paths = new ServerPaths(this.layout);
    for (const directory of [...this.layout.directories, this.#paths.directory])
      files.ensureDirectory(directory);
    perform(files, ensureNumbers(this.#paths, { job: 4, artifact: 1 }));
    const durable = new SharedFlushes(files, false);
    const { layout } = this;
    this.served = servedBy({ layout, files, durable, closing: this.#closing.signal, ...rest });
    this.#index = new LiveIndex(this.served);
  }

  /** As one server has them. */
  crews(): RemoteCrews {
    const crews = new RemoteCrews({ served: this.served, paths: this.#paths, index: this.#index });
    this.#crews.push(crews);
    return crews;
  }

  async raise(crews: RemoteCrews, megabytes = 1): Promise<Held | undefined> {
    return crews.pull('w', offerOf(megabytes), 0, new AbortController().signal);
  }

  /** A job for a crew that is free. */
  assign(crew: string, job: string): string {
    const entry = `j@${newToken()}.conf`;
    writeFileSync(`${this.layout.jobpods}/${crew}/${entry}`, job);
    return entry;
  }

  /** Listings of pods that something costs. */
  listings(action: () => void): number {
    this.files.listed = [];
    action();
    return this.files.listed.filter((path) => path.startsWith(this.layout.jobpods)).length;
  }

  async close(): Promise<void> {
    for (const crews of this.#crews) await crews.close();
    this.#closing.abort();
  }
}

function offerOf(megabytes: number): WorkerOffer {
  return {
    ...{ cpus: 1, memory: megabytes * 2 ** 20, gpus: 0, labels: [], patience: 0, address: undefined },
    gpu: { memory: 0, model: undefined, architecture: undefined },
    ...{ instance: '', isOurs: true },
  };
}

const test = rigTest.extend<{ keeper: Keeper }>({
  keeper: async ({ rig }, use) => {
    const keeper = new Keeper(rig.project().root);
    await use(keeper);
    await keeper.close();
  },
});

const job = '[fjr]\nexecutable: true\n';

test('asking for what nobody has costs no more for many crews than for one', async ({ keeper }) => {
  const crews = keeper.crews();
  for (let n = 1; n <= 20; n++) await keeper.raise(crews, n);
  const { layout } = keeper;
  expect(readdirSync(layout.jobpods)).toHaveLength(20);
  const ask = (id: string): number =>
    keeper.listings(() => {
      expect(crews.find('w', id)).toBeUndefined();
    });
  writeFileSync(`${layout.done}/j@aaaaaaaaaa.conf`, job);
  const never = ['strange', '..', '', '0', '-1', '4', '9'.repeat(15), '9'.repeat(400), 'j.conf'];
  const hostile = ['../x@aaaaaaaaaa', 'a\0@aaaaaaaaaa', `${'x'.repeat(300)}@aaaaaaaaaa`];
  for (const id of [...never, ...hostile, 'j@aaaaaaaaaa.conf']) expect(ask(id), id).toBe(0);
  // What may have been given out by another server is looked for, and again only when there are other pods.
  utimesSync(layout.jobpods, 1_000_000, 1_000_000);
  expect(ask('j@bbbbbbbbbb.conf')).toBeLessThanOrEqual(21);
  expect(ask('j@bbbbbbbbbb.conf')).toBe(0);
  expect(ask('3')).toBe(0);
});

test('what another server gives out is known at once', async ({ keeper }) => {
  const [here, there] = [keeper.crews(), keeper.crews()];
  await keeper.raise(here);
  utimesSync(keeper.layout.jobpods, 1_000_000, 1_000_000);
  for (let n = 0; n < 3; n++) expect(here.find('w', 'j@aaaaaaaaaa.conf')).toBeUndefined();
  await keeper.raise(there, 2);
  const [crew = ''] = readdirSync(keeper.layout.jobpods).filter((name) => existsSync(podFile(keeper, name)));
  const entry = keeper.assign(crew, job);
  const held = (await keeper.raise(there, 2)) ?? (await keeper.raise(here, 1));
  expect(held?.entry).toBe(entry);
  expect(here.find('w', entry)?.entry).toBe(entry);
  expect(there.find('w', entry)?.entry).toBe(entry);
  expect(here.find('v', entry)).toBeUndefined();
  const found = here.find('w', entry);
  found?.crew.finish(found, { kind: 'exit', code: 0 }, undefined, []);
  for (const crews of [here, there]) expect(crews.find('w', entry)).toBeUndefined();
});

function podFile({ layout }: Keeper, crew: string): string {
  return `${layout.jobpods}/${crew}/crew.json`;
}

test('what a dispatcher assigned too late goes back when its crew is given up', async ({ keeper }) => {
  const crews = keeper.crews();
  await keeper.raise(crews);
  const [crew = ''] = readdirSync(keeper.layout.jobpods);
  const entry = keeper.assign(crew, job);
  await crews.close();
  expect(readdirSync(keeper.layout.jobqueue)).toEqual([entry]);
  expect(readdirSync(keeper.layout.jobpods)).toEqual([]);
});

test('who offers something else each time has no more than some crews', async ({ keeper }) => {
  const crews = keeper.crews();
  for (let n = 1; n <= 150; n++) await keeper.raise(crews, n);
  expect(readdirSync(keeper.layout.jobpods).length).toBeLessThan(110);
});

rigTest('a file that comes late takes nothing along of what is on its way to its place', async ({ rig }) => {
  const [gate, begun, late] = [new Gate(), new Gate(), new Gate()];
  const staging = {
    ...mountedStaging,
    publish: async (from: string, to: string, within: string | undefined): Promise<void> => {
      begun.open();
      await gate.opened;
      await mountedStaging.publish(from, to, within);
    },
  };
  const work = `${rig.directory}/work`;
  mkdirSync(work);
  const keeper = new Keeper(rig.project().root, { staging, resolveDirectory: () => work });
  const crews = keeper.crews();
  await keeper.raise(crews);
  const [crew = ''] = readdirSync(keeper.layout.jobpods);
  keeper.assign(crew, '[fjr]\nexecutable: true\noutputs: a\n');
  const held = await keeper.raise(crews);
  if (held === undefined) throw new Error('the job was not taken');
  const files = new JobFiles(keeper.served, rig.directory);
  expect(await files.receive(held, 'output', '', 'a', pieces('whole'))).toBe('received');
  const receiving = files.receive(held, 'output', '', 'b', pieces('late', late.opened));
  held.crew.finish(held, { kind: 'exit', code: 0 }, undefined, []);
  const publishing = files.publish(held);
  await begun.opened;
  late.open();
  expect(await receiving).toBe('gone');
  gate.open();
  await publishing;
  expect(readFileSync(`${work}/a`, 'utf8')).toBe('whole');
  expect(readdirSync(keeper.layout.workDirectories)).toEqual([]);
  await keeper.close();
});

class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

async function* pieces(text: string, after?: Promise<unknown>): AsyncGenerator<Uint8Array> {
  await after;
  yield Buffer.from(text);
}
