import { existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { Layout } from '../queue/layout.js';
import { filesystemHints } from '../system/filesystem-hints.js';

/** A project: its name and where it lies. */
export interface Project {
  readonly name: string;
  readonly layout: Layout;
}

/** Where all projects lie: `$FJR_HOME`, or `~/.fjr`. */
export function fjrHome(): string {
  const home = process.env['FJR_HOME'];
  return home === undefined || home === '' ? `${homedir()}/.fjr` : resolve(home);
}

/** Short paths into the default project: `~/.fjr/jobqueue`. */
const shortcuts = ['jobqueue', 'workerqueue', 'jobpods'];

/** The project of a name, its directories made if they are not there. */
export function openProject(name: string): Project {
  const project = locateProject(name);
  const { layout } = project;
  for (const directory of layout.directories) makeDirectory(directory);
  checkOneFilesystem(layout);
  if (name === 'default') linkShortcuts();
  return project;
}

/** The project of a name, which must be there. */
export function findProject(name: string): Project {
  const project = locateProject(name);
  if (existsSync(project.layout.jobqueue)) return project;
  throw noSuchProject(name);
}

/** The project of a name, of which at least the directory must be there: whatever else may be wrong with it. */
export function findPatient(name: string): Project {
  const project = locateProject(name);
  const { root } = project.layout;
  try {
    statSync(root);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw noSuchProject(name);
    const hint = filesystemHints[code] ?? 'ask whoever looks after the file server';
    throw new FjrError('filesystem', `cannot look at ${root}: ${code}`, { hint, cause: error });
  }
  return project;
}

function noSuchProject(name: string): FjrError {
  return new FjrError('no-such-project', `there is no project "${name}" in ${fjrHome()}`, {
    hint: `fjr-recruiter --project ${name} hire makes it`,
  });
}

/** The project of a name, whether it is there or not. */
export function locateProject(name: string): Project {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name) || shortcuts.includes(name))
    throw new FjrError('usage', `"${name}" cannot be the name of a project`, {
      hint: 'use letters, digits, "_", "-" and "."',
    });
  return { name, layout: new Layout(`${fjrHome()}/${name}`) };
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new FjrError(
      'filesystem',
      `cannot make ${directory}: ${(error as NodeJS.ErrnoException).code ?? ''}`,
      {
        hint: 'set FJR_HOME to a directory where you may write',
        cause: error,
      },
    );
  }
}

/** Jobs move by rename, which works within one filesystem only. */
export function checkOneFilesystem(layout: Layout, directories = layout.directories): void {
  const { dev } = statSync(layout.jobqueue);
  for (const directory of directories)
    if (statSync(directory).dev !== dev)
      throw new FjrError('filesystem', `${directory} and ${layout.jobqueue} lie on different filesystems`, {
        hint: "a project's directories must lie on one, since jobs move between them by rename",
      });
}

function linkShortcuts(): void {
  for (const name of shortcuts) {
    const path = `${fjrHome()}/${name}`;
    try {
      if (!existsSync(path)) symlinkSync(`default/${name}`, path);
    } catch {
      // Something else stands there, or somebody was faster: the long path works all the same.
    }
  }
}
