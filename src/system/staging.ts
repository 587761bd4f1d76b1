import { createWriteStream, readdirSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface StagedEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
}

/** Files that come from elsewhere, and are put in their places when it is known that they count. */
export interface Staging {
  /**
   * Writes a file with all its directories, as it comes. What was called so before stays until it is whole. `no-place`:
   * no file can be called so, or something stands in its way that is no file, or no directory.
   */
  receive(path: string, content: Readable): Promise<'received' | 'no-place'>;
  /** Moves a file, or copies it if it is to lie on another disk. Whoever reads the target sees a whole file. */
  publish(from: string, to: string): Promise<void>;
  /** What is in a directory; links are passed over. Nothing, if there is no such directory. */
  look(directory: string): readonly StagedEntry[];
  /** With all that is below. */
  remove(directory: string): Promise<void>;
}

export const mountedStaging: Staging = {
  async receive(path, content) {
    const draft = draftOf(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      await pipeline(content, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
      await rename(draft, path);
      return 'received';
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (unfit.has(code)) {
        // What stands in the way of a directory stands in the way of its draft, too.
        await rm(draft, { force: true }).catch(() => undefined);
        return 'no-place';
      }
      await rm(draft, { force: true });
      throw error;
    }
  },

  async publish(from, to) {
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      const draft = draftOf(to);
      await copyFile(from, draft);
      const file = await open(draft, 'r+');
      await file.sync().finally(() => file.close());
      await rename(draft, to);
      await rm(from);
    }
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

  async remove(directory) {
    await rm(directory, { recursive: true, force: true });
  },
};

const unfit = new Set(['ENAMETOOLONG', 'ENOTDIR', 'EISDIR', 'EEXIST']);

let drafts = 0;

/** Whether a file of this name is passed over. */
function isDraft(name: string): boolean {
  return /^\..*-\d+-\d+\.draft$/s.test(name);
}

/** A name that nothing else has, and that is passed over where files are looked for. */
function draftOf(path: string): string {
  drafts += 1;
  // Letters may take three bytes each, and a name has 255.
  return `${dirname(path)}/.${basename(path).slice(0, 60)}-${process.pid}-${drafts}.draft`;
}
