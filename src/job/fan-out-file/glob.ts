import { compareNatural } from '../natural-order.js';

/** What is in a directory, `''` being the current one; undefined: it is none, or cannot be read. */
export type ListDirectory = (path: string) => readonly DirectoryEntry[] | undefined;

export interface DirectoryEntry {
  readonly name: string;
  /** Links to directories are told apart: `**` does not follow them, and so does not go round in circles. */
  readonly kind: 'file' | 'directory' | 'link-to-directory';
}

/**
 * Paths that match a pattern of the shell's: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, `\` before what stands for itself, and
 * `**` for any directories, none included. Names that begin with a dot match only what begins with one, too. Directory
 * by directory, each in natural order, as they are asked for.
 */
export function* expandGlob(pattern: string, list: ListDirectory): Generator<string> {
  for (const alternative of expandBraces(pattern)) {
    const absolute = alternative.startsWith('/');
    const segments = alternative.split('/').filter((segment) => segment !== '');
    // A last ** is all that is there.
    if (segments.at(-1) === '**') segments.push('*');
    const plain = segments.filter((segment, index) => segment !== '**' || segments[index - 1] !== '**');
    yield* walk(absolute ? '/' : '', plain, list);
  }
}

function* walk(prefix: string, segments: readonly string[], list: ListDirectory): Generator<string> {
  const [first, ...rest] = segments;
  if (first === undefined) return;
  if (first === '**') {
    yield* walk(prefix, rest, list);
    for (const { name, kind } of sorted(prefix, list))
      if (kind === 'directory' && !name.startsWith('.')) yield* walk(`${prefix}${name}/`, segments, list);
  } else if (first === '.' || first === '..') {
    yield* walk(`${prefix}${first}/`, rest, list);
  } else {
    const matcher = matcherOf(first);
    for (const { name, kind } of sorted(prefix, list).filter((entry) => matcher(entry.name))) {
      if (rest.length === 0) yield prefix + name;
      else if (kind !== 'file') yield* walk(`${prefix}${name}/`, rest, list);
    }
  }
}

function sorted(directory: string, list: ListDirectory): DirectoryEntry[] {
  return [...(list(directory) ?? [])].sort((a, b) => compareNatural(a.name, b.name));
}

const tokens = /\\(.)|\[(!|\^)?(\]?[^\]]*)\]|([*?])|(.)/gsu;

function matcherOf(segment: string): (name: string) => boolean {
  const hidden = /^\\?\./.test(segment);
  const source = segment.replaceAll(
    tokens,
    (whole, escaped?: string, not?: string, set?: string, wild?: string) => {
      if (wild !== undefined) return wild === '*' ? '.*' : '.';
      if (set !== undefined) return `[${not === undefined ? '' : '^'}${set.replace(/[\\[\]^]/g, '\\$&')}]`;
      return escapeRegExp(escaped ?? whole);
    },
  );
  const expression = compile(source);
  return (name) => (hidden || !name.startsWith('.')) && expression?.test(name) === true;
}

/** Undefined: it holds a range such as [z-a], which the shell has nothing match either. */
function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    return undefined;
  }
}

function escapeRegExp(character: string): string {
  return character.replace(/[$()*+./?[\\\]^{|}]/, '\\$&');
}

/** `{a,b}` as two patterns. Braces without a comma stand for themselves. */
function* expandBraces(pattern: string): Generator<string> {
  const found = findBraces(pattern);
  if (found === undefined) {
    yield pattern;
    return;
  }
  const { start, end, parts } = found;
  for (const part of parts) yield* expandBraces(pattern.slice(0, start) + part + pattern.slice(end));
}

interface Braces {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly string[];
}

/** The first ones with a comma. */
function findBraces(pattern: string): Braces | undefined {
  for (let start = pattern.indexOf('{'); start >= 0; start = pattern.indexOf('{', start + 1)) {
    const braces = pattern[start - 1] === '\\' ? undefined : bracesAt(pattern, start);
    if (braces !== undefined) return braces;
  }
  return undefined;
}

function bracesAt(pattern: string, start: number): Braces | undefined {
  const parts: string[] = [];
  let [depth, part] = [0, start + 1];
  for (let index = start; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (depth === 0 || (depth === 1 && character === ',')) {
      parts.push(pattern.slice(part, index));
      part = index + 1;
    }
    if (depth === 0) return parts.length > 1 ? { start, end: part, parts } : undefined;
  }
  return undefined;
}
