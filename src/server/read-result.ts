import type { Layout } from '../queue/layout.js';
import type { Files } from '../system/files.js';

/** Bytes of a job's output that an answer holds; of more its beginning and end. */
const most = 8 * 1024 * 1024;

/** What an execution printed. */
export function readResult(files: Files, layout: Layout, entry: string): string {
  const path = layout.log(entry, 'out');
  const size = files.size(path) ?? 0;
  const read = (offset: number, limit: number): string =>
    Buffer.from(files.readFrom(path, offset, limit) ?? []).toString('utf8');
  if (size <= most) return read(0, most);
  const half = most / 2;
  return `${read(0, half)}\n[fjr: ${size - most} bytes left out here]\n${read(size - half, half)}`;
}
