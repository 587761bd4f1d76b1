import { expect, test } from 'vitest';
import { FjrError } from '../../src/job/fjr-error.js';
import { Layout, makeCrewId } from '../../src/queue/layout.js';
import type { CrewReport } from '../../src/recruiter/crews-here.js';
import { heartbeatAges, isStale } from '../../src/recruiter/heartbeat-ages.js';
import type { FileCall, Files } from '../../src/system/files.js';

const layout = new Layout('/p');
const crew = makeCrewId('w1', 'k3f9q2m4');
const report = { crew, file: { lease: 30 } } as CrewReport;

/** A server whose clock is a year ahead of everybody's. */
const serverTime = Date.now() + 365 * 24 * 3600 * 1000;

function server(heartbeat: number | undefined, full = false): { files: Files; calls: string[] } {
  const calls: string[] = [];
  const files = {
    call: ({ op, ...call }: FileCall) => {
      calls.push(op);
      if (full && op === 'create') throw new FjrError('filesystem', 'no space');
      expect('path' in call && call.path).toMatch(/^\/p\/\.probe-/);
      return 'ok';
    },
    inspect: (path: string) => {
      const mtimeMs = path.startsWith('/p/.probe-') ? serverTime : heartbeat;
      return mtimeMs === undefined ? { kind: 'missing' } : { kind: 'file', mtimeMs };
    },
  };
  return { files: files as unknown as Files, calls };
}

test("a heartbeat's age is told by the file server's clock alone", () => {
  const { files, calls } = server(serverTime - 95_000);
  expect(heartbeatAges(files, layout, [report])).toEqual(new Map([[crew, 95]]));
  expect(calls).toEqual(['create', 'unlink']);
});

test('no crew, no heartbeat, or no space: no age', () => {
  const { files, calls } = server(0);
  expect(heartbeatAges(files, layout, [])).toEqual(new Map());
  expect(calls).toEqual([]);
  expect(heartbeatAges(server(undefined).files, layout, [report])).toEqual(new Map());
  expect(heartbeatAges(server(0, true).files, layout, [report])).toEqual(new Map());
});

test('a crew is stale when it was silent for longer than its lease', () => {
  expect([undefined, 0, 30, 30.1].map((age) => isStale(report, age))).toEqual([false, false, false, true]);
});
