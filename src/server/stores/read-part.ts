import { createHash } from 'node:crypto';
import type { TreeFile } from '../../system/trees.js';

/** Bytes that are read before others have their turn: their digest takes two milliseconds. */
const atOnce = 1024 * 1024;

/** Fills `part` from `offset` on, and returns its MD5. */
export async function readPart(file: TreeFile, part: Uint8Array, offset: number): Promise<Buffer> {
  const hash = createHash('md5');
  for (let from = 0; from < part.length; from += atOnce) {
    const piece = part.subarray(from, from + atOnce);
    await file.read(piece, offset + from);
    hash.update(piece);
  }
  return hash.digest();
}
