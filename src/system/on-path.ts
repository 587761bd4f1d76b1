import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';

/** The absolute path of a program on the PATH, or undefined. */
export function onPath(program: string): string | undefined {
  const directories = (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return directories.map((directory) => `${directory}/${program}`).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
