import { fileTypeFromBuffer } from 'file-type';
import { lookup } from 'mrmime';

/** Bytes of a file's beginning by which it is known. */
export const headBytes = 4100;

const unknown = 'application/octet-stream';

/** The MIME type of a file: by its extension if that says one, else by its first bytes. */
export async function contentTypeOf(name: string, head: () => Promise<Uint8Array>): Promise<string> {
  const extension = /[^/]\.([^./]+)$/.exec(name)?.[1];
  const byName = extension === undefined ? undefined : lookup(extension.toLowerCase());
  if (byName !== undefined) return byName;
  const bytes = await head();
  const byContent = await fileTypeFromBuffer(bytes);
  return byContent?.mime ?? (isText(bytes) ? 'text/plain' : unknown);
}

/** UTF-8 without what no text holds; what was cut off may be half a character. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    // eslint-disable-next-line no-control-regex -- these are what tells it
    return !/[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text);
  } catch {
    return false;
  }
}
