import { createHash } from 'node:crypto';

/** Bytes: S3 allows 1024, of which prefix, project and execution may have 710. */
const longestName = 300;

/**
 * Under which key an artifact lies: always the same, so that sending it twice makes no second object. Names that some store
 * would not take, or could not list, are told by their digest.
 */
export function objectKey(prefix: string, project: string, entry: string, name: string): string {
  const isPlain = Buffer.byteLength(name) <= longestName && !/[\p{C}\\]|\uFFFD/u.test(name);
  const last = isPlain
    ? `artifacts/${name}`
    : `named-by-digest/${createHash('sha256').update(name).digest('hex')}`;
  return [prefix, project, entry, last].filter((part) => part !== '').join('/');
}
