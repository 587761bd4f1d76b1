import { accessSync, constants, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { filesystemHints } from '../system/filesystem-hints.js';

/** Throws FjrError if a file cannot be written there: better told before the work than after it. */
export function checkWritable(path: string): void {
  try {
    const { real, isFile } = lookAt(path);
    if (statSync(real, { throwIfNoEntry: false })?.isDirectory() === true)
      throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
    accessSync(isFile ? dirname(real) : real, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Writes a file whole: who reads it meanwhile reads the one before. */
export function writeOutput(path: string, text: string): void {
  try {
    const { real, isFile } = lookAt(path);
    if (!isFile) {
      writeFileSync(real, text);
      return;
    }
    // Its name ends in nothing that a collector of files looks for.
    const draft = `${dirname(real)}/.${basename(real)}.${process.pid}`;
    try {
      writeFileSync(draft, text);
      renameSync(draft, real);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Where a link leads; and whether a file is there, or can be: a pipe or a terminal is written to, and never replaced. */
function lookAt(path: string): { readonly real: string; readonly isFile: boolean } {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) return { real: resolve(path), isFile: true };
  return { real: realpathSync(path), isFile: there.isFile() };
}

function unwritable(path: string, error: unknown): FjrError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const hint = hints[code] ?? filesystemHints[code] ?? 'choose another with --output';
  return new FjrError('filesystem', `cannot write ${path}: ${code}`, { hint, cause: error });
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'make its directory first',
  EISDIR: 'name a file in it',
};
