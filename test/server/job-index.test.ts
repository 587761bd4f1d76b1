import { servedBy } from '../rig/served.js';
import fc from 'fast-check';
import { mkdirSync, mkdtempSync, renameSync, rmSync, appendFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import { allPlaces } from '../../src/queue/places.js';
import type { JobSummary } from '../../src/server/feed/job-index.js';
import { LiveIndex } from '../../src/server/feed/live-index.js';
import { SharedFlushes } from '../../src/system/durable-files.js';
import { MountedFiles } from '../../src/system/files.js';
import { systemDoorbells } from '../../src/system/watcher.js';
import { waitUntil } from '../rig/wait-until.js';

const crew = 'host-k3f9q2m4';
const token = (n: number): string => String(n).padStart(10, '0');

/** A project on disk whose jobs are moved as actors would move them, and an index of it. */
class Moved {
  readonly root = mkdtempSync('/tmp/fjr-index-');
  readonly layout = new Layout(this.root);
  readonly files = new MountedFiles({ shared: false, fsync: false });
  readonly #closings: AbortController[] = [];
  #tokens = 0;

  constructor() {
    for (const directory of this.layout.directories) mkdirSync(directory, { recursive: true });
    mkdirSync(`${this.root}/jobpods/${crew}/running`, { recursive: true });
  }

  /** `bells`: whether anything rings, or sweeps and looks must find all. */
  open(bells: boolean): LiveIndex {
    const closing = new AbortController();
    this.#closings.push(closing);
    const served = servedBy({
      layout: this.layout,
      files: this.files,
      durable: new SharedFlushes(this.files, false),
      closing: closing.signal,
      doorbells: bells ? systemDoorbells : { hang: () => () => undefined },
    });
    return new LiveIndex(served);
  }

  /** One step of an actor, with the job that `choice` comes to; nothing if there is none. */
  step(verb: Verb, choice: number): void {
    const { layout, root } = this;
    const places = [...allPlaces(this.files, layout)];
    const pick = (state: string) => {
      const there = places.filter((place) => place.state === state);
      return there[choice % Math.max(1, there.length)];
    };
    const pod = `${root}/jobpods/${crew}`;
    if (verb === 'submit') writeFileSync(layout.queued(`job${choice % 5}`), '', { flag: 'a' });
    else if (verb === 'assign') {
      const from = pick('waiting');
      const name = from?.entry.replace(/@.*/, '');
      if (from !== undefined) renameSync(from.path, `${pod}/${name ?? ''}@${token(this.#tokens++)}`);
    } else if (verb === 'start') {
      const from = pick('assigned');
      if (from === undefined) return;
      renameSync(from.path, `${pod}/running/${from.entry}`);
      this.#note({ event: 'start', entry: from.entry, worker: 1 });
    } else if (verb === 'recall') {
      const from = pick('assigned');
      if (from !== undefined) renameSync(from.path, layout.queued(from.entry));
    } else if (verb === 'retry') {
      const from = pick('running');
      if (from !== undefined) renameSync(from.path, layout.queued(`${from.entry}+x1`));
    } else if (verb === 'withdraw') {
      const from = pick(choice % 2 === 0 ? 'waiting' : 'done');
      if (from !== undefined) rmSync(from.path);
    } else {
      const from = pick('running');
      if (from === undefined) return;
      const outcome = { kind: 'exit', code: verb === 'done' ? 0 : 1 };
      const line = { event: 'finish', entry: from.entry, worker: 1, to: verb, outcome, ms: 1, printed: [] };
      // A line that comes to nothing, now and then.
      this.#note(line);
      if (choice % 7 > 0) renameSync(from.path, layout.finished(verb, from.entry));
    }
  }

  standing(): string[] {
    return [...allPlaces(this.files, this.layout)].map(({ state, entry }) => `${state} ${entry}`).sort();
  }

  dispose(): void {
    for (const closing of this.#closings) closing.abort();
    rmSync(this.root, { recursive: true });
  }

  #note(line: object): void {
    const whole = { ...line, time: new Date().toISOString() };
    appendFileSync(`${this.layout.journal}/${crew}.jsonl`, `${JSON.stringify(whole)}\n`);
  }
}

const verbs = ['submit', 'assign', 'start', 'recall', 'retry', 'withdraw', 'done', 'failed'] as const;
type Verb = (typeof verbs)[number];

/** All pages of so many, one after another. */
function pagesOf(index: LiveIndex, limit: number): JobSummary[] {
  const jobs: JobSummary[] = [];
  for (let after: string | undefined, more = true; more;) {
    const page = index.page({ limit, ...(after === undefined ? {} : { after }) });
    jobs.push(...page.jobs);
    after = page.next;
    more = after !== undefined;
  }
  return jobs;
}

const told = (jobs: readonly JobSummary[]): string[] => jobs.map(({ state, id }) => `${state} ${id}`).sort();

const history = fc.array(
  fc.tuple(fc.constantFrom(...verbs, 'submit', 'assign', 'start', 'done'), fc.nat(1000)),
  {
    maxLength: 60,
  },
);

describe('the index', () => {
  test.each([true, false])('agrees with the disk after any history (bells: %s)', async (bells) => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(60), async (steps, before) => {
        const project = new Moved();
        try {
          for (const [verb, choice] of steps.slice(0, before)) project.step(verb, choice);
          const index = project.open(bells);
          await index.refresh();
          for (const [verb, choice] of steps.slice(before)) {
            project.step(verb, choice);
            if (choice % 3 === 0) await index.refresh();
          }
          const agrees = async (): Promise<string[]> => {
            await (bells ? index.refresh() : index.sweep());
            return told(pagesOf(index, 3));
          };
          await waitUntil('it agrees', agrees, (seen) => seen.join() === project.standing().join(), 10);
          const counts = Object.values(index.counts()).reduce((sum, count) => sum + count, 0);
          expect(counts).toBe(project.standing().length);
        } finally {
          project.dispose();
        }
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test('gives pages that neither lose nor double what stays as it is while other jobs change', async () => {
    const project = new Moved();
    for (let n = 0; n < 40; n++) writeFileSync(project.layout.queued(`still${n}`), '');
    const index = project.open(true);
    await index.refresh();
    const first = index.page({ limit: 15 });
    for (let n = 0; n < 20; n++) project.step('submit', n);
    await index.refresh();
    const rest: JobSummary[] = [];
    for (let after = first.next; after !== undefined;) {
      const page = index.page({ limit: 15, after });
      rest.push(...page.jobs);
      after = page.next;
    }
    expect([...first.jobs, ...rest].map(({ name }) => name).sort()).toEqual(
      Array.from({ length: 40 }, (_, n) => `still${n}`).sort(),
    );
    expect(() => index.page({ limit: 1, after: 'nonsense' })).toThrow('is no cursor');
    project.dispose();
  });
});
