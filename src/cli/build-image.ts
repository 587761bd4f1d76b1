import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import type { ImageBuild } from '../job/manifest/plan.js';

/**
 * Builds an image, and writes it into an archive for other hosts. Returns its id: what people call it may be another
 * image by the time a task begins. What the engine says goes to standard error. Throws FjrError.
 */
export function buildImage(build: ImageBuild, archive: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'fjr-image-'));
  try {
    const idFile = join(directory, 'id');
    const { engine, name, dockerfile, context } = build;
    run(build, 'build', ['--tag', name, '--file', dockerfile, '--iidfile', idFile, context]);
    const id = readFileSync(idFile, 'utf8').trim();
    run({ engine, name }, 'save', ['--output', archive, id]);
    return id;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(
  { engine, name }: Pick<ImageBuild, 'engine' | 'name'>,
  verb: 'build' | 'save',
  args: readonly string[],
): void {
  const { status, signal, error } = spawnSync(engine, [verb, ...args], { stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  const what = `cannot ${verb} the image ${name}: ${engine}`;
  if (error === undefined)
    throw new FjrError('image', `${what} ${verb} ended with ${signal ?? `exit code ${status ?? ''}`}`, {
      hint: 'what it says stands above',
    });
  throw new FjrError('image', `${what} cannot be run here (${(error as NodeJS.ErrnoException).code ?? ''})`, {
    hint: 'install it, name another in spec.engine, or use --no-container: ranks are plain processes then',
    cause: error,
  });
}
