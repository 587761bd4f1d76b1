import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** The path of a program on the PATH, or undefined. */
export function onPath(program: string, path = process.env['PATH']): string | undefined {
  const directories = (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return directories.map((directory) => `${directory || '.'}/${program}`).find(isExecutable);
}

/**
 * Where a program is that somebody names as a shell would: a path from `directory` on, or a word that is looked for on
 * `path`. Undefined: nothing is there, or nothing that may be run.
 */
export function findProgram(name: string, directory: string, path: string | undefined): string | undefined {
  if (!name.includes('/')) return onPath(name, path);
  return isExecutable(resolve(directory, name)) ? name : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
