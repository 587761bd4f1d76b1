import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Layout,
  badgeName,
  classifyPodFile,
  makeCrewId,
  parseBadge,
  parseCrewId,
  parsePodName,
} from '../../src/queue/layout.js';
import { heldItemName, parseHeldItem } from '../../src/queue/pool.js';
import { type Token, newToken, tokenAlphabet } from '../../src/queue/token.js';

const crew = parseCrewId('node7-k3f9q2m4')!;
const random = fc.string({ unit: fc.constantFrom(...Array.from(tokenAlphabet)), minLength: 8, maxLength: 8 });

describe('a crew’s id', () => {
  test('is one, and comes back with badge, pod and fenced pod, whatever its host is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        random,
        fc.integer({ min: 1, max: 99_999 }),
        (host, eight, worker) => {
          const id = makeCrewId(host, eight);
          expect(parseCrewId(id)).toBe(id);
          expect(parseBadge(badgeName({ crew: id, worker }))).toEqual({ crew: id, worker });
          expect(parsePodName(id)).toEqual({ kind: 'live', crew: id });
          expect(parsePodName(`.${id}`)).toEqual({ kind: 'unborn', crew: id });
          expect(parsePodName(`${id}.fenced`)).toEqual({ kind: 'fenced', crew: id });
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['node7.cluster.example.org', 'node7-00000000'],
    ['', 'host-00000000'],
    ['.', 'host-00000000'],
    ['-rf', 'host-00000000'],
    ['grüße', 'gr__e-00000000'],
    ['a b/c', 'a_b_c-00000000'],
    ['x'.repeat(100), `${'x'.repeat(64)}-00000000`],
    [`${'x'.repeat(63)}y`, `${'x'.repeat(63)}y-00000000`],
  ])('on host %j is %j', (host, id) => {
    expect(makeCrewId(host, '00000000')).toBe(id);
  });

  test.each([
    '',
    'node7',
    'node7-k3f9q2m',
    'node7-K3F9Q2M4',
    '-k3f9q2m4',
    '../x-k3f9q2m4',
    'a.b-k3f9q2m4',
    'a-k3f9q2m4\n',
  ])('%j is none', (text) => {
    expect(parseCrewId(text)).toBeUndefined();
  });
});

describe('a badge', () => {
  test.each([
    'node7-k3f9q2m4',
    'node7-k3f9q2m4.',
    'node7-k3f9q2m4.0',
    'node7-k3f9q2m4.01',
    'node7-k3f9q2m4.1.2',
    'node7-k3f9q2m4.x',
    'job.1',
    '.1',
    '1',
  ])('%j is none', (text) => {
    expect(parseBadge(text)).toBeUndefined();
  });
});

describe('a pod’s name', () => {
  test.each([
    '',
    '.',
    '..',
    'junk',
    '.fenced',
    'junk.fenced',
    '..node7-k3f9q2m4',
    'node7-k3f9q2m4.fenced.fenced',
    '.node7-k3f9q2m4.fenced',
  ])('%j is none', (text) => {
    expect(parsePodName(text)).toBeUndefined();
  });
});

describe('a file in a pod', () => {
  test.each([
    ['crew.json', { kind: 'furniture' }],
    ['heartbeat', { kind: 'furniture' }],
    ['running', { kind: 'furniture' }],
    ['items', { kind: 'furniture' }],
    ['node7-k3f9q2m4.3', { kind: 'badge', badge: { crew, worker: 3 } }],
    ['cancel=k3f9q2m4n7', { kind: 'cancel', token: 'k3f9q2m4n7' }],
    ['job1@k3f9q2m4n7.conf', { kind: 'entry' }],
    ['heartbeat@k3f9q2m4n7', { kind: 'entry' }],
    ['crew@k3f9q2m4n7.json', { kind: 'entry' }],
  ])('%j is %j', (name, expected) => {
    expect(classifyPodFile(name)).toEqual(expected);
  });

  test('under an assigned job’s name is always an entry, whatever the job is called', () => {
    for (const job of [
      'running',
      'items',
      'heartbeat',
      'crew.json',
      'cancel',
      badgeName({ crew, worker: 3 }),
    ]) {
      const dot = job.lastIndexOf('.');
      const stem = dot < 0 ? job : job.slice(0, dot);
      const entry = `${stem}@${newToken()}${dot < 0 ? '' : job.slice(dot)}`;
      expect([entry, classifyPodFile(entry).kind]).toEqual([entry, 'entry']);
    }
  });

  test('is an entry, too, for a job that is called like a cancel mark: a mark is removed, a job never', () => {
    expect(classifyPodFile(`cancel=me@${newToken()}.conf`)).toEqual({ kind: 'entry' });
  });
});

test('a held item’s name comes back, whatever the item is called', () => {
  const item = fc.string({ minLength: 1 }).filter((name) => !/[/\0]/.test(name));
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/), item, (pool, name) => {
      const held = { pool, item: name, token: newToken() };
      expect(parseHeldItem(heldItemName(held))).toEqual(held);
    }),
    { numRuns: 1000 },
  );
});

test('all directories of a project lie directly in it, and all other paths in them', () => {
  const layout = new Layout('/home/me/.fjr/default');
  for (const directory of layout.directories)
    expect(directory).toMatch(/^\/home\/me\/\.fjr\/default\/[a-z]+$/);
  const token = 'k3f9q2m4n7' as Token;
  const pod = layout.pod(crew);
  expect([
    layout.queued('J'),
    layout.announced({ crew, worker: 3 }),
    pod.badge({ crew, worker: 3 }),
    pod.entry('J@t'),
    pod.runningEntry('J@t'),
    pod.item('P.x@t'),
    pod.cancelMark(token),
    pod.crewFile,
    pod.heartbeat,
    layout.fencedPod(crew).directory,
    layout.unbornPod(crew).directory,
    layout.finished('done', 'J@t'),
    layout.finished('failed', 'J@t'),
    layout.journalOf(crew),
    layout.log('J@t', 'out'),
    layout.scratch(crew),
    layout.poolItem('P', 'x'),
    layout.poolLock('P', 'x'),
    layout.dispatcherLock,
    layout.remoteConf,
  ]).toEqual(
    [
      'jobqueue/J',
      'workerqueue/node7-k3f9q2m4.3',
      'jobpods/node7-k3f9q2m4/node7-k3f9q2m4.3',
      'jobpods/node7-k3f9q2m4/J@t',
      'jobpods/node7-k3f9q2m4/running/J@t',
      'jobpods/node7-k3f9q2m4/items/P.x@t',
      'jobpods/node7-k3f9q2m4/cancel=k3f9q2m4n7',
      'jobpods/node7-k3f9q2m4/crew.json',
      'jobpods/node7-k3f9q2m4/heartbeat',
      'jobpods/node7-k3f9q2m4.fenced',
      'jobpods/.node7-k3f9q2m4',
      'done/J@t',
      'failed/J@t',
      'journal/node7-k3f9q2m4.jsonl',
      'logs/J@t.out',
      'logs/.node7-k3f9q2m4',
      'resources/P/x',
      'resources/P/x.lock',
      'dispatcher.lock',
      'remote.conf',
    ].map((path) => `${layout.root}/${path}`),
  );
});
