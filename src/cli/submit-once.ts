import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { parseEntryName } from '../queue/entry-name.js';
import { tokenAlphabet, tokenLength } from '../queue/token.js';

/**
 * What a run is called whose file is submitted once, however often somebody tries: made of the file itself, which stays
 * the same when it is moved, and not of its content, which another file may have, too.
 */
export function idOfFile(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    const file = [parseEntryName(basename(path)).job, ino, mtimeMs, size].join('/');
    const bytes = createHash('sha256').update(file).digest().subarray(0, tokenLength);
    return [...bytes].map((byte) => tokenAlphabet[byte % tokenAlphabet.length]).join('');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError('bad-fan-out-file', `cannot read ${path}: ${code}`, { cause: error });
  }
}
