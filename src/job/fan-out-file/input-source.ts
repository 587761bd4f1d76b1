import type { TaskInput } from '../fan-out.js';
import { FjrError } from '../fjr-error.js';
import { columnFault } from './columns.js';
import { eachLine } from './each-line.js';
import type { FileFormat, InputConfig, ListConfig } from './input-schema.js';
import { type NumberRange, numbersIn } from './number-range.js';
import { type Table, csvTable, jsonTable } from './table.js';
import type { FanOutFileWorld } from './world.js';

/** Where inputs come from. */
export interface InputSource {
  /** Names of an input's parts; none if an input is one word. */
  readonly columns: readonly string[];
  /** The numbers, where inputs are a range: shards of one need no list. */
  readonly range: NumberRange | undefined;
  /** How many there are, where that is known without reading them. */
  readonly count: number | undefined;
  /** Read as they are asked for, and anew each time; throws FjrError with file and line. */
  readonly inputs: Iterable<TaskInput>;
}

export const noInputs: InputSource = { columns: [], range: undefined, count: 0, inputs: [] };

type Sources = Pick<FanOutFileWorld, 'lines' | 'output' | 'glob'>;
type Words = ListConfig | readonly string[];

/** Opens a table to learn its columns, and nothing else; throws FjrError if that fails. */
export function inputSource(config: InputConfig, world: Sources): InputSource {
  const range = 'range' in config ? config.range : undefined;
  if ('product' in config && config.product !== undefined) return productSource(config.product, world);
  const table = 'file' in config && config.file !== undefined ? openTable(config.file, world) : undefined;
  if (table !== undefined)
    return { columns: table.columns, range, count: undefined, inputs: lazily(() => table.rows()) };
  const words = config as Words;
  return { columns: [], range, count: countOf(words), inputs: wordsOf(words, world) };
}

/** Undefined: the file has no columns. */
function openTable(
  { path, format }: { readonly path: string; readonly format?: FileFormat | undefined },
  world: Sources,
): Table | undefined {
  const lines = (): Iterable<string> => world.lines(path);
  switch (format ?? formatOf(path)) {
    case 'csv':
      return csvTable(path, lines, ',');
    case 'tsv':
      return csvTable(path, lines, '\t');
    case 'jsonLines':
      return jsonTable(path, lines);
    case 'eachLine':
      return undefined;
  }
}

function formatOf(path: string): FileFormat {
  const ending = /\.(csv|tsv|jsonl|ndjson)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === 'csv' || ending === 'tsv') return ending;
  return ending === undefined ? 'eachLine' : 'jsonLines';
}

function countOf(config: Words): number | undefined {
  if ('length' in config) return config.length;
  return config.items?.length ?? config.range?.count;
}

/** One word for each input. */
export function wordsOf(config: Words, world: Sources): Iterable<string> {
  if (!('length' in config)) return lazily(() => readWords(config, world));
  return config;
}

function* readWords(
  { file, glob, items, range, command }: ListConfig,
  world: Sources,
): Generator<string, void, undefined> {
  if (file !== undefined) yield* eachLine(file.path, world.lines(file.path));
  if (items !== undefined) yield* items;
  if (range !== undefined) yield* numbersIn(range);
  if (command !== undefined) yield* eachLine(`the output of ${command}`, world.output(command));
  for (const pattern of typeof glob === 'string' ? [glob] : (glob ?? [])) yield* world.glob(pattern);
}

function productSource(lists: Readonly<Record<string, Words>>, world: Sources): InputSource {
  const columns = Object.keys(lists);
  const fault = columnFault(columns);
  if (fault !== undefined)
    throw new FjrError('bad-input', fault, { hint: 'give each list a name of its own' });
  return {
    columns,
    range: undefined,
    count: Object.values(lists)
      .map(countOf)
      .reduce((all, count) => (all === undefined || count === undefined ? undefined : all * count), 1),
    inputs: lazily(() => {
      const [first, ...rest] = Object.values(lists);
      if (first === undefined) return [];
      return combine([wordsOf(first, world), ...rest.map((list) => repeatable(list, world))], []);
    }),
  };
}

/** The inner lists of a product are gone through often: no file is read, and no command run, again each time. */
function repeatable(list: Words, world: Sources): Iterable<string> {
  const words = wordsOf(list, world);
  if ('range' in list && list.range !== undefined) return words;
  let kept: readonly string[] | undefined;
  return lazily(() => (kept ??= [...words]));
}

function* combine(lists: readonly Iterable<string>[], before: readonly string[]): Generator<string[]> {
  const [first, ...rest] = lists;
  for (const word of first ?? []) {
    if (rest.length === 0) yield [...before, word];
    else yield* combine(rest, [...before, word]);
  }
}

function lazily<T>(begin: () => Iterable<T>): Iterable<T> {
  return { [Symbol.iterator]: () => begin()[Symbol.iterator]() };
}
