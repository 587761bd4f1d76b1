import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';

export function isOnPath(program: string): boolean {
  return find(program) !== undefined;
}

/** Where a program lies that the tests need. */
export function onPath(program: string): string {
  const path = find(program);
  if (path !== undefined) return path;
  throw new Error(`these tests need ${program}, which is not on the PATH`);
}

function find(program: string): string | undefined {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = `${directory}/${program}`;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there: the next directory may have it.
    }
  }
  return undefined;
}
