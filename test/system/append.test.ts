import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { FjrError } from '../../src/job/fjr-error.js';
import { MountedFiles } from '../../src/system/files.js';
import { waitUntil } from '../rig/wait-until.js';

test('A journal whose handle has failed is opened anew, and its next line begins on a line of its own', () => {
  const directory = mkdtempSync(`${tmpdir()}/fjr-append-`);
  const journal = `${directory}/journal.jsonl`;
  const files = new MountedFiles({ fsync: false, shared: false });
  const append = (content: string): unknown => files.call({ op: 'append', path: journal, content });
  try {
    // A handle that answers with an error whatever comes, as those of sshfs do once their connection was lost.
    symlinkSync('/dev/full', journal);
    expect(() => append('lost\n')).toThrow(FjrError);
    unlinkSync(journal);
    expect(append('kept\n')).toBe('ok');
    expect(append('too\n')).toBe('ok');
    expect(readFileSync(journal, 'utf8')).toBe('\nkept\ntoo\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('Journals without number are written to, and few of them stay open', () => {
  const directory = mkdtempSync(`${tmpdir()}/fjr-append-`);
  const files = new MountedFiles({ fsync: false, shared: false });
  const journals = Array.from({ length: 300 }, (_, index) => `${directory}/${index}.jsonl`);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  try {
    for (const line of ['one\n', 'two\n'])
      for (const path of journals) files.call({ op: 'append', path, content: line });
    expect(open() - before).toBeLessThan(100);
    expect(new Set(journals.map((path) => readFileSync(path, 'utf8')))).toEqual(new Set(['one\ntwo\n']));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** A journal on a file server, and what is in it. */
async function onServer(
  use: (journal: string, files: MountedFiles, read: () => string) => void | Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(`${tmpdir()}/fjr-append-`);
  const journal = `${directory}/journal.jsonl`;
  const read = (): string => (existsSync(journal) ? readFileSync(journal, 'utf8') : '');
  try {
    await use(journal, new MountedFiles({ fsync: false, shared: true }), read);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const later = (path: string, content: string): Parameters<MountedFiles['call']>[0] => ({
  ...{ op: 'append', path, content },
  when: 'later',
});

test('Lines that nobody waits for go to a file server together with one that somebody waits for, and before it', async () => {
  await onServer((journal, files, read) => {
    files.call(later(journal, 'one\n'));
    files.call(later(journal, 'two\n'));
    expect(read()).toBe('');
    files.call({ op: 'append', path: journal, content: 'three\n' });
    expect(read()).toBe('one\ntwo\nthree\n');
  });
});

test('They go by themselves if no other follows, and at once if they are sent for', async () => {
  await onServer(async (journal, files, read) => {
    files.call(later(journal, 'one\n'));
    await waitUntil('the line is there', read, (text) => text === 'one\n');
    files.call(later(journal, 'two\n'));
    files.sendGathered(journal);
    expect(read()).toBe('one\ntwo\n');
  });
});

test('They wait for a server that is away', async () => {
  await onServer(async (journal, files, read) => {
    symlinkSync('/dev/full', journal);
    files.call(later(journal, 'one\n'));
    expect(() => {
      files.sendGathered(journal);
    }).toThrow(FjrError);
    unlinkSync(journal);
    await waitUntil('the line is there', read, (text) => text.trim() === 'one');
  });
});
