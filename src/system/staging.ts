import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FjrError } from '../job/fjr-error.js';

export interface StagedEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
}

/** Files that come from elsewhere, and are put in their places when it is known that they count. */
export interface Staging {
  /**
   * Writes a file with all its directories, as it comes. What was called so before stays until it is whole. `unwanted`: it
   * is not wanted any more, and nothing was written. `no-place`: no file can be called so, or what is there is in its way.
   */
  receive(
    path: string,
    content: AsyncIterable<Uint8Array>,
    isWanted: () => boolean,
  ): Promise<'received' | 'unwanted' | 'no-place'>;
  /**
   * Moves a file, or copies it if it is to lie on another disk. Whoever reads the target sees a whole file. Nothing, if it
   * is not there: it was moved before. `within`: throws if links lead the target out of this directory.
   */
  publish(from: string, to: string, within: string | undefined): Promise<void>;
  /** A directory's path without links; as it is, if there is no such directory. */
  real(directory: string): Promise<string>;
  /** What is in a directory; links are passed over. Nothing, if there is no such directory. */
  look(directory: string): readonly StagedEntry[];
  /** What a file, or a directory with all that is below, takes: its bytes, and so many more for each of them. */
  measure(path: string, each: number): Promise<number>;
  /** With all that is below. */
  remove(directory: string): Promise<void>;
}

export const mountedStaging: Staging = {
  async receive(path, content, isWanted) {
    const draft = draftOf(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      // Made before its content is asked for: what is removed after a failure must not be made after that.
      const file = await open(draft, 'wx', 0o600);
      await pipeline(content, file.createWriteStream({ flush: true }));
      if (isWanted()) {
        await rename(draft, path);
        return 'received';
      }
    } catch (error) {
      // What is in the way of a directory is in the way of its draft, too.
      await rm(draft, { force: true }).catch(() => undefined);
      if (unfit.has((error as NodeJS.ErrnoException).code ?? '')) return 'no-place';
      throw error;
    }
    await rm(draft, { force: true });
    return 'unwanted';
  },

  async publish(from, to, within) {
    if (!(await isThere(from))) return;
    if (within !== undefined) {
      await mkdir(within, { recursive: true });
      // Before anything is made below: a link may lead out of it.
      await checkWithin(await nearest(dirname(to)), within);
    }
    await mkdir(dirname(to), { recursive: true });
    if (within !== undefined) await checkWithin(dirname(to), within);
    try {
      await rename(from, to);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && !(await isThere(from))) return;
      if (code !== 'EXDEV') throw error;
      await copyTo(from, to);
      await rm(from, { force: true });
    }
  },

  async real(directory) {
    return realpath(directory).catch(() => directory);
  },

  look(directory) {
    try {
      return readdirSync(directory, { withFileTypes: true }).flatMap((entry): StagedEntry[] => {
        const { name } = entry;
        if (entry.isDirectory()) return [{ name, kind: 'directory' }];
        return entry.isFile() && !isDraft(name) ? [{ name, kind: 'file' }] : [];
      });
    } catch {
      // Not there, or not for us to read.
      return [];
    }
  },

  async measure(path, each) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return 0;
    let sum = each + (found.isDirectory() ? 0 : found.size);
    if (found.isDirectory())
      for (const name of await readdir(path).catch(() => []))
        sum += await mountedStaging.measure(join(path, name), each);
    return sum;
  },

  async remove(directory) {
    await rm(directory, { recursive: true, force: true });
  },
};

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The directory itself, or the nearest above it that is there. */
async function nearest(directory: string): Promise<string> {
  let above = directory;
  while (above !== dirname(above) && !(await isThere(above))) above = dirname(above);
  return above;
}

/** Whoever reads the target sees it whole. */
async function copyTo(from: string, to: string): Promise<void> {
  const draft = draftOf(to);
  try {
    await copyFile(from, draft);
    const file = await open(draft, 'r+');
    await file.sync().finally(() => file.close());
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function checkWithin(directory: string, within: string): Promise<void> {
  const [real, top] = [await realpath(directory), await realpath(within)];
  if (real !== top && !real.startsWith(top === '/' ? top : `${top}/`))
    throw new FjrError('outside', `a link leads it out of ${within}, to ${real}`);
}

const unfit = new Set(['ENAMETOOLONG', 'ENOTDIR', 'EISDIR', 'EEXIST']);

/** Whether a file of this name is passed over. */
function isDraft(name: string): boolean {
  return /^\..*-([0-9a-f]{16}|\d+-\d+)\.draft$/s.test(name);
}

/** A name that nothing else has, whoever makes it on whichever host, and that is passed over where files are looked for. */
function draftOf(path: string): string {
  // Letters may take three bytes each, and a name has 255.
  return `${dirname(path)}/.${basename(path).slice(0, 60)}-${randomBytes(8).toString('hex')}.draft`;
}
