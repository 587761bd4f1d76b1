import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { type DirectoryEntry, expandGlob } from '../job/fan-out-file/glob.js';
import { splitLines } from '../job/fan-out-file/split-lines.js';
import type { Executed, FanOutFileWorld } from '../job/fan-out-file/world.js';

/** Bytes read of a file of inputs at a time. */
const chunk = 1024 * 1024;
/** Bytes that a template's command may print. */
const mostPrinted = 16 * 1024 * 1024;

/** What a fan-out file takes from outside: this process's environment, and files as seen from a directory. */
export function worldOf(
  directory: string,
  run: { readonly id: string; readonly project: string },
): FanOutFileWorld {
  const facts = {
    ...run,
    user: userInfo().username,
    host: hostname(),
    date: new Date().toISOString().slice(0, 10),
  };
  return {
    run: facts,
    environment: (name) => process.env[name],
    execute: (line) => execute(line, directory),
    lines: (path) => linesOf(resolve(directory, path), path),
    output: (line) => outputOf(line, directory),
    glob: (pattern) => expandGlob(pattern, (path) => listOf(resolve(directory, path))),
    directory: (path) => directoryAt(resolve(directory, path), path),
  };
}

function execute(line: string, cwd: string): Executed {
  try {
    const stdout = execFileSync('/bin/sh', ['-c', line], {
      cwd,
      encoding: 'utf8',
      maxBuffer: mostPrinted,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { failure: undefined, stdout, stderr: '' };
  } catch (error) {
    const { status, signal, stdout, stderr, code } = error as {
      status?: number | null;
      signal?: string | null;
      stdout?: string;
      stderr?: string;
      code?: string;
    };
    const failure =
      typeof status === 'number'
        ? `exit code ${status}`
        : typeof signal === 'string'
          ? `signal ${signal}`
          : (code ?? 'it could not be run');
    return { failure, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

function directoryAt(path: string, shown: string): string {
  const hint = `it was looked for as ${path}`;
  try {
    if (statSync(path).isDirectory()) return path;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError('bad-input', `cannot use ${shown}: ${code}`, { hint, cause: error });
  }
  throw new FjrError('bad-input', `${shown} is no directory`, { hint });
}

export function* linesOf(path: string, shown: string): Generator<string> {
  const fd = openInput(path, shown);
  try {
    yield* splitLines(shown, piecesOf(fd));
  } finally {
    closeSync(fd);
  }
}

function openInput(path: string, shown: string): number {
  try {
    if (statSync(path).isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' });
    return openSync(path, 'r');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError('bad-input', `cannot read ${shown}: ${code}`, {
      hint: `it was looked for as ${path}`,
      cause: error,
    });
  }
}

function* piecesOf(fd: number): Generator<Uint8Array> {
  for (;;) {
    const bytes = Buffer.allocUnsafe(chunk);
    const count = readSync(fd, bytes, 0, chunk, null);
    if (count === 0) return;
    yield bytes.subarray(0, count);
  }
}

/** A command may print more than memory holds: it prints into a file. */
function* outputOf(line: string, cwd: string): Generator<string> {
  const directory = mkdtempSync(join(tmpdir(), 'fjr-inputs-'));
  try {
    const path = join(directory, 'out');
    const out = openSync(path, 'w', 0o600);
    let failure: string | undefined;
    try {
      failure = executeInto(line, cwd, out);
    } finally {
      closeSync(out);
    }
    yield* linesOf(path, `the output of ${line}`);
    if (failure !== undefined)
      throw new FjrError('bad-input', `the command ${line} failed: ${failure}`, {
        hint: 'run it by hand to see why',
      });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function executeInto(line: string, cwd: string, out: number): string | undefined {
  try {
    execFileSync('/bin/sh', ['-c', line], { cwd, stdio: ['ignore', out, 'inherit'] });
    return undefined;
  } catch (error) {
    const { status, signal } = error as { status?: number | null; signal?: string | null };
    return typeof status === 'number' ? `exit code ${status}` : `signal ${signal ?? 'unknown'}`;
  }
}

function listOf(path: string): DirectoryEntry[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      kind: entry.isDirectory() ? 'directory' : isLinkToDirectory(path, entry) ? 'link-to-directory' : 'file',
    }));
  } catch {
    // No directory, or not ours to read: nothing in it matches.
    return undefined;
  }
}

function isLinkToDirectory(
  path: string,
  entry: { readonly name: string; isSymbolicLink(): boolean },
): boolean {
  if (!entry.isSymbolicLink()) return false;
  try {
    return statSync(join(path, entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // It leads round in circles, or where we may not look.
    return false;
  }
}
