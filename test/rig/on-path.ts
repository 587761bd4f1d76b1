import { accessSync, constants } from 'node:fs';
import { delimiter } from 'node:path';

/** Where a program lies that the tests need. */
export function onPath(program: string): string {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = `${directory}/${program}`;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there: the next directory may have it.
    }
  }
  throw new Error(`these tests need ${program}, which is not on the PATH`);
}
