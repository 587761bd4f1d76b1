import { inputError } from './each-line.js';

const newline = 0x0a;

/**
 * The lines of a file that is read piece by piece, for FanOutFileWorld's `lines`: they end at `\n`, which is cut off. A
 * byte order mark stays. Throws FjrError with file and line where the text is not UTF-8: read in any other way, an
 * input would come out as another than is written there.
 */
export function* splitLines(source: string, pieces: Iterable<Uint8Array>): Generator<string> {
  let pending: Uint8Array[] = [];
  let line = 1;
  for (const piece of pieces) {
    const end = piece.lastIndexOf(newline) + 1;
    if (end > 0) {
      const lines = decode(source, line, Buffer.concat([...pending, piece.subarray(0, end - 1)]));
      yield* lines;
      line += lines.length;
      pending = [];
    }
    // A copy, because who reads may use the same buffer for the next piece.
    if (end < piece.length) pending.push(piece.slice(end));
  }
  if (pending.length > 0) yield* decode(source, line, Buffer.concat(pending));
}

/** Whole lines: no character is cut in two, since no other character holds the byte of a line end. */
function decode(source: string, firstLine: number, bytes: Uint8Array): string[] {
  const text = tryDecode(bytes);
  if (text !== undefined) return text.split('\n');
  throw inputError(
    source,
    firstLine + badLine(bytes),
    'not text in UTF-8',
    'convert the file, with iconv for example',
  );
}

function badLine(bytes: Uint8Array): number {
  let [line, start] = [0, 0];
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    if (tryDecode(bytes.subarray(start, end)) === undefined) return line;
    [line, start] = [line + 1, end + 1];
  }
  return line;
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
