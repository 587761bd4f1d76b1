import { normalize } from 'node:path';
import { type DirectoryEntry, type ListDirectory, expandGlob } from '../../job/fan-out-file/glob.js';
import type { Trees } from '../../system/trees.js';
import type { UploadType } from './api-client.js';
import type { Output } from './uploads.js';

/** Files of one job that are looked at, and sent, at most. */
const mostFiles = 100_000;

/** All files below a directory of a job, with where each belongs. */
export async function outputsBelow(
  trees: Trees,
  base: string,
  jobDirectory: string,
  type: UploadType,
  directory: string,
): Promise<Output[]> {
  const path = directory.split('/').filter((segment) => segment !== '' && segment !== '.');
  const below = [jobDirectory, ...path].join('/');
  return (await trees.filesBelow(base, below, mostFiles)).map((name) => {
    const whole = [...path, name].join('/');
    return { type, top: base, below: jobDirectory, name: whole, ...placeOf(whole) };
  });
}

/** Files of a job's directory that a list of paths and patterns means; of a directory all that lies below it. */
export async function outputsNamed(
  trees: Trees,
  base: string,
  jobDirectory: string,
  patterns: readonly string[],
): Promise<Output[]> {
  if (patterns.length === 0) return [];
  const all = await outputsBelow(trees, base, jobDirectory, 'output', '');
  const list = listingOf(all.map(({ name }) => name));
  const wanted = new Set<string>();
  for (const pattern of patterns)
    for (const each of [pattern, `${pattern}/**`])
      for (const path of expandGlob(each, list)) wanted.add(normalize(path));
  return all.filter(({ name }) => wanted.has(name));
}

/** The directories that a list of files lies in. */
function listingOf(files: readonly string[]): ListDirectory {
  const directories = new Map<string, Map<string, DirectoryEntry>>();
  for (const file of files) {
    const parts = file.split('/');
    parts.forEach((name, index) => {
      const directory = parts.slice(0, index).join('/');
      const kind = index === parts.length - 1 ? 'file' : 'directory';
      const entries = directories.get(directory) ?? new Map<string, DirectoryEntry>();
      directories.set(directory, entries.set(name, { name, kind }));
    });
  }
  return (path) => [...(directories.get(normalize(path).replace(/\/$|^\.$/, ''))?.values() ?? [])];
}

function placeOf(path: string): Pick<Output, 'directory' | 'fileName'> {
  const slash = path.lastIndexOf('/');
  return { directory: slash < 0 ? '' : path.slice(0, slash), fileName: path.slice(slash + 1) };
}
