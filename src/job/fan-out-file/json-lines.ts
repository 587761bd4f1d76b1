import { inputError, numberedLines, quoted } from './each-line.js';

/** A line of JSON: one word, or columns by their names. */
export type JsonLine =
  | { readonly line: number; readonly word: string }
  | { readonly line: number; readonly columns: ReadonlyMap<string, string> };

/** A JSON text on each line; empty lines are none. Throws FjrError with file and line. */
export function* readJsonLines(source: string, lines: Iterable<string>): Generator<JsonLine> {
  for (const { text, line } of numberedLines(source, lines)) {
    const json = text.trim();
    if (json !== '') yield { line, ...readLine(source, line, json) };
  }
}

function readLine(
  source: string,
  line: number,
  json: string,
): { readonly word: string } | { readonly columns: ReadonlyMap<string, string> } {
  if (!isJson(json))
    throw inputError(source, line, `${quoted(json)} is not JSON`, 'expected one JSON text on each line');
  if (json.startsWith('[') || json === 'null')
    throw inputError(
      source,
      line,
      json === 'null' ? 'null' : 'a list',
      'expected an object, a string or a number',
    );
  const columns = new Map<string, string>();
  if (!json.startsWith('{')) return { word: checked(source, line, asWord(json)) };
  for (const [key, value] of membersOf(json)) {
    if (columns.has(key)) throw inputError(source, line, `${quoted(key)} stands twice`);
    columns.set(key, checked(source, line, asWord(value)));
  }
  return { columns };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Strings without their quotes, null as nothing, all else as it is written: a long number keeps its digits. */
function asWord(json: string): string {
  if (json === 'null') return '';
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

function checked(source: string, line: number, word: string): string {
  if (word.includes('\0'))
    throw inputError(source, line, 'a NUL byte', 'no variable or argument can hold one');
  return word;
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Keys of an object whose text is known to be JSON, each with its value's text. */
function* membersOf(json: string): Generator<[key: string, value: string]> {
  let depth = 0;
  let key: string | undefined;
  let [start, end] = [-1, -1];
  for (const { 0: token, index } of json.matchAll(tokens)) {
    const closing = token === '}' || token === ']';
    if (closing) depth -= 1;
    const boundary = depth === 1 && token === ',';
    if ((boundary || depth === 0) && key !== undefined) {
      yield [key, json.slice(start, end)];
      [key, start] = [undefined, -1];
    } else if (depth === 1 && key === undefined && token.startsWith('"')) {
      key = JSON.parse(token) as string;
    } else if (key !== undefined && !(depth === 1 && token === ':' && start < 0)) {
      if (start < 0) start = index;
      end = index + token.length;
    }
    if (token === '{' || token === '[') depth += 1;
  }
}
