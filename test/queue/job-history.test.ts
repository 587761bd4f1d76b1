import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { historyOf } from '../../src/queue/job-history.js';
import { Layout } from '../../src/queue/layout.js';
import { MountedFiles } from '../../src/system/files.js';

const files = new MountedFiles({ shared: false, fsync: false });
let root = '';

beforeEach(() => {
  root = mkdtempSync('/tmp/fjr-history-');
  mkdirSync(`${root}/journal`);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const hour = 3_600_000;
const begin = Date.parse('2026-03-01T00:00:00.000Z');

function start(entry: string, at: number): string {
  return `${JSON.stringify({ event: 'start', time: new Date(at).toISOString(), entry, worker: 1 })}\n`;
}

function entriesOf(job: string, since?: number): string[] {
  return [...historyOf(files, new Layout(root), job, since)].flat().map(({ entry }) => entry);
}

describe('What journals say of one job', () => {
  test('is told of no other whose name begins like it', () => {
    const entries = [
      'a@0123456789.conf',
      'a1@0123456789.conf',
      'a@0123456789+x1.conf',
      'a@0123456789.sh',
      'a',
    ];
    const strange = ['ü"\\ ☃@0123456789.conf', 'a@b@0123456789.conf'];
    const lines = [...entries, ...strange].map((entry) => start(entry, begin));
    writeFileSync(`${root}/journal/host-00000000.jsonl`, `${lines.join('')}{"event":"start","time":"`);
    expect(entriesOf('a.conf')).toEqual(['a@0123456789.conf', 'a@0123456789+x1.conf']);
    expect(entriesOf('a')).toEqual(['a']);
    expect(entriesOf('ü"\\ ☃.conf')).toEqual(['ü"\\ ☃@0123456789.conf']);
    expect(entriesOf('a@b.conf')).toEqual(['a@b@0123456789.conf']);
    expect(entriesOf('b.conf')).toEqual([]);
  });

  test('is found in long journals, from any time on, and behind lines that are longer than all else', () => {
    // Ten days, a line each twenty seconds, and the job once an hour.
    const lines: string[] = [];
    for (let second = 0; second < 10 * 24 * 3600; second += 20)
      lines.push(
        start(
          `${second % 3600 === 0 ? 'job' : 'other'}@${String(second).padStart(10, '0')}.conf`,
          begin + second * 1000,
        ),
      );
    writeFileSync(`${root}/journal/host-00000000.jsonl`, lines.join(''));
    const all = entriesOf('job.conf');
    expect(all).toHaveLength(240);
    for (const since of [begin - hour, begin, begin + 5 * hour, begin + 111 * hour + 1, begin + 239 * hour]) {
      const found = entriesOf('job.conf', since);
      const expected = all.filter(
        (entry) => begin + Number(/@(\d+)/.exec(entry)?.[1]) * 1000 >= since - hour,
      );
      expect(found.slice(-expected.length)).toEqual(expected);
      expect(all.slice(-found.length)).toEqual(found);
    }
    // What was written before is not read: the last piece of a megabyte holds a day and a half.
    expect(entriesOf('job.conf', begin + 239 * hour).length).toBeLessThan(80);
    const long = start(`${'x'.repeat(3_000_000)}.conf`, begin);
    writeFileSync(
      `${root}/journal/late-00000000.jsonl`,
      long + start('job@zzzzzzzzzz.conf', begin + 239 * hour),
    );
    expect(entriesOf('job.conf', begin + 239 * hour).at(-1)).toBe('job@zzzzzzzzzz.conf');
    // A journal that has not changed since is not read at all.
    expect(entriesOf('job.conf', Date.parse('2100-01-01'))).toEqual([]);
  });
});
