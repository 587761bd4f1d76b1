import { parseEntryName } from '../../../src/queue/entry-name.js';
import { lockSuffix, parseBadge, parsePodName } from '../../../src/queue/layout.js';
import { parseHeldItem } from '../../../src/queue/pool.js';
import { list, read } from '../../../src/queue/steps.js';
import type { Arena, Expected } from './contest.js';

/** What one host finds after a batch, of the files that its rounds were about. */
export interface Found {
  /** Files that this host does not find. */
  readonly missing: readonly string[];
  /** Files that are in two places. */
  readonly doubled: readonly string[];
  readonly torn: readonly string[];
  /** Files that are where a stale answer left them. */
  readonly elsewhere: number;
}

/** Names that belong to a pod or to a way of writing, and to no round. */
const furniture = /^(crew\.json|heartbeat|running|items|owner|\..*)$/;

/** Looks at all of `places`, for files where they are expected and for others like them. */
export function takeStock(arena: Arena, expected: readonly Expected[], places: ReadonlySet<string>): Found {
  const there = new Set(pathsIn(arena, places));
  const missing: string[] = [];
  const torn: string[] = [];
  let elsewhere = 0;
  for (const { path, orElse, content } of expected) {
    const place = there.has(path) || orElse === undefined ? path : orElse;
    if (place === orElse) elsewhere += 1;
    const bytes = content === undefined ? undefined : arena.do(read(place));
    // Listed, and yet not to be opened: this host remembers that the name was missing.
    if (!there.has(place) || (content !== undefined && bytes === undefined)) missing.push(path);
    else if (bytes !== undefined && Buffer.from(bytes).toString('utf8') !== content) torn.push(place);
  }
  return { missing, doubled: doublesAmong(there), torn, elsewhere };
}

function doublesAmong(paths: ReadonlySet<string>): string[] {
  const first = new Map<string, string>();
  return [...paths].flatMap((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (furniture.test(name) || name.endsWith(lockSuffix)) return [];
    const before = first.get(plainName(name));
    first.set(plainName(name), path);
    return before === undefined ? [] : [`${before} and ${path}`];
  });
}

/** What a file is called wherever it is. */
function plainName(name: string): string {
  if (parseBadge(name) !== undefined) return name;
  return parseHeldItem(name)?.item ?? parseEntryName(name).job;
}

function pathsIn(arena: Arena, directories: Iterable<string>): string[] {
  return [...directories].flatMap((directory) =>
    namesIn(arena, directory).map((name) => `${directory}/${name}`),
  );
}

/**
 * GlusterFS's server may keep to the old name of a directory that was renamed while another host looked at it: it
 * answers ESTALE for the new one until somebody asks for the old.
 */
export function askForOldNames({ files, layout }: Arena, paths: readonly string[]): void {
  for (const path of paths) {
    const pod = parsePodName(path.slice(layout.jobpods.length + 1).split('/')[0] ?? '');
    if (pod === undefined) continue;
    files.exists(layout.unbornPod(pod.crew).directory);
    files.exists(layout.pod(pod.crew).directory);
  }
}

/** What cannot be listed is hidden from this host: ESTALE, see above. */
function namesIn({ do: make }: Arena, directory: string): readonly string[] {
  try {
    return make(list(directory)) ?? [];
  } catch {
    return [];
  }
}
