import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { FjrError } from '../../src/job/fjr-error.js';
import { MountedFiles } from '../../src/system/files.js';

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
