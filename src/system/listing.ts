import { opendir } from 'node:fs/promises';

/** Names that are asked for at a time. */
const atOnce = 1024;

/**
 * The names in a directory, in pieces, so that a long listing keeps nobody waiting. What comes and goes meanwhile may be
 * among them or not. Nothing, if there is no such directory.
 */
export async function* listInPieces(path: string): AsyncGenerator<readonly string[]> {
  let names: string[] = [];
  try {
    for await (const { name } of await opendir(path, { bufferSize: atOnce })) {
      names.push(name);
      if (names.length < atOnce) continue;
      yield names;
      names = [];
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (names.length > 0) yield names;
}
