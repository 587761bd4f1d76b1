import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { remove } from 'fs-extra/esm';
import { FjrError } from '../job/fjr-error.js';
import { poolNamePattern } from '../job/settings.js';
import { lockSuffix } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { addItem, listPool } from '../queue/pool.js';
import { list } from '../queue/steps.js';
import { filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { heldItems } from './own-pools.js';
import type { Project } from './project.js';
import { plural, printable, say, sayJson } from './say.js';

/** `fjr pool add NAME --file items.txt`: a line is an item; what is there already stays as it is. */
export function poolAdd(
  project: Project,
  pool: string,
  file: string | undefined,
  words: readonly string[],
  json: boolean,
): ExitCode {
  checkPoolName(pool);
  const values = [...words, ...(file === undefined ? [] : readLines(file))];
  if (values.length === 0)
    throw new FjrError('usage', 'no items to add', { hint: 'name them, or a file with --file' });
  const distinct = new Set(values);
  const added = addItems(project, pool, distinct);
  if (json) sayJson({ pool, added, known: distinct.size - added });
  else say(`${plural(added, 'item')} added to pool ${pool}.`);
  return exitCode.fine;
}

/** Makes a pool if there is none, and adds what is not there; returns how many that were. */
export function addItems(project: Project, pool: string, values: Iterable<string>): number {
  mkdirSync(project.layout.pool(pool), { recursive: true, mode: 0o700 });
  const files = filesFor(project);
  let added = 0;
  for (const value of values)
    if (perform(files, addItem(project.layout, pool, itemName(value), value)) === 'added') added += 1;
  return added;
}

function readLines(file: string): string[] {
  try {
    const lines = readFileSync(file === '-' ? 0 : file, 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw new FjrError('usage', `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? ''}`, {
      cause: error,
    });
  }
}

function checkPoolName(pool: string): void {
  if (!poolNamePattern.test(pool))
    throw new FjrError('usage', `"${pool}" cannot be the name of a pool`, {
      hint: 'use letters, digits and "_": it becomes part of the variable TASK_RESOURCE_NAME',
    });
}

/** A readable file name for a value; the value itself stands in the file. */
function itemName(value: string): string {
  const plain = value
    .replace(/[^A-Za-z0-9._:=+-]/g, '_')
    .replace(/^[.-]/, '_')
    .slice(0, 60);
  if (plain === value && !plain.endsWith(lockSuffix)) return plain;
  return `${plain}-${createHash('sha256').update(value).digest('hex').slice(0, 8)}`;
}

export function poolList(project: Project, json: boolean): ExitCode {
  const files = filesFor(project);
  const names = (perform(files, list(project.layout.resources)) ?? []).filter(
    (name) => !name.startsWith('.'),
  );
  const pools = names.map((pool) => {
    const { items, locked } = perform(files, listPool(project.layout, pool)) ?? {
      items: [],
      locked: new Set<string>(),
    };
    return { pool, free: items.filter((item) => !locked.has(item)), used: [...locked] };
  });
  if (json) sayJson({ pools });
  else if (pools.length === 0) say(`No pools in project "${project.name}".`);
  else
    for (const { pool, free, used } of pools) {
      say(`${pool}: ${free.length} free, ${used.length} in use`);
      for (const item of free) say(`    ${printable(item)}`);
      for (const item of used) say(`    ${printable(item)} (in use)`);
    }
  return exitCode.fine;
}

export async function poolRemove(project: Project, pool: string, json: boolean): Promise<ExitCode> {
  checkPoolName(pool);
  const directory = project.layout.pool(pool);
  if (!existsSync(directory))
    throw new FjrError('usage', `there is no pool ${pool} in project "${project.name}"`);
  if (heldItems(filesFor(project), project.layout, pool).size > 0)
    throw new FjrError('pool-in-use', `items of pool ${pool} are in use`, {
      hint: 'wait until their jobs have ended',
    });
  await remove(directory);
  if (json) sayJson({ removed: pool });
  else say(`Pool ${pool} removed.`);
  return exitCode.fine;
}
