/** A value and the line, counted from 1, on which its key stands. */
export interface IniValue {
  readonly value: string;
  readonly line: number;
}

/** All sections but [DEFAULT], whose keys are in each of the others. Keys are in lower case. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, IniValue>>;

/** The text is not INI. The message starts with the line; only the caller knows the file's name. */
export class IniError extends Error {
  readonly line: number;
  readonly hint: string | undefined;

  constructor(line: number, what: string, hint?: string) {
    super(`line ${line}: ${what}`);
    this.name = 'IniError';
    this.line = line;
    this.hint = hint;
  }
}

/**
 * Reads the dialect of Python's `configparser.RawConfigParser()`, as `open(…, encoding='utf-8-sig')` would
 * hand it the text. Throws IniError at the first line that Python refuses.
 *
 * npm `ini` has no part in it: however quoted, its `parse` drops `__proto__` and takes "true" and "null" for
 * values of JSON, and it forgets line numbers. All else would have to be escaped on its way in.
 */
export function readIni(text: string): IniSections {
  const reader = new IniReader();
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) reader.read(line, index + 1);
  return reader.sections();
}

interface Entry {
  readonly line: number;
  /** The value's lines, blank ones included. */
  readonly value: string[];
}

interface Section {
  readonly line: number;
  readonly entries: Map<string, Entry>;
}

const defaultName = 'DEFAULT';

class IniReader {
  readonly #sections = new Map<string, Section>();
  #section: Section | undefined;
  /** The entry that an indented line continues; none right after a header. */
  #entry: Entry | undefined;
  /** Of the last line that continued nothing. What is deeper belongs to it. */
  #indent = 0;

  read(line: string, number: number): void {
    const start = firstNonSpace(line);
    const text = stripEnd(line.slice(start));
    // A comment neither ends the value around it nor leaves a blank line in it.
    if (text.startsWith('#') || text.startsWith(';')) return;
    if (text === '' || (this.#entry !== undefined && start > this.#indent)) {
      this.#entry?.value.push(text);
      return;
    }
    this.#indent = start;
    // The last bracket closes the name, whatever follows it: `[a]b` is [a], and `[a] = [b]` is a header too.
    const name = /^\[(.+)\]/s.exec(text)?.[1];
    if (name === undefined) this.#readKey(text, number);
    else this.#readHeader(name, number);
  }

  sections(): IniSections {
    const defaults = finished(this.#sections.get(defaultName));
    const sections = new Map<string, ReadonlyMap<string, IniValue>>();
    for (const [name, section] of this.#sections)
      if (name !== defaultName) sections.set(name, new Map([...defaults, ...finished(section)]));
    return sections;
  }

  #readHeader(name: string, line: number): void {
    const before = this.#sections.get(name);
    // Only [DEFAULT] may be taken up again, as in Python.
    if (before !== undefined && name !== defaultName) throw duplicate('section', name, line, before.line);
    this.#section = before ?? { line, entries: new Map() };
    this.#sections.set(name, this.#section);
    this.#entry = undefined;
  }

  #readKey(text: string, line: number): void {
    if (this.#section === undefined) throw beforeFirstSection(text, line);
    const delimiter = text.search(/[:=]/);
    if (delimiter === -1) throw withoutDelimiter(text, line);
    if (delimiter === 0) throw withoutKey(text, line);
    const key = stripEnd(text.slice(0, delimiter)).toLowerCase();
    const before = this.#section.entries.get(key);
    if (before !== undefined) throw duplicate('key', key, line, before.line);
    const value = text.slice(delimiter + 1);
    this.#entry = { line, value: [value.slice(firstNonSpace(value))] };
    this.#section.entries.set(key, this.#entry);
  }
}

function finished(section: Section | undefined): ReadonlyMap<string, IniValue> {
  const values = new Map<string, IniValue>();
  for (const [key, { value, line }] of section?.entries ?? [])
    values.set(key, { value: stripEnd(value.join('\n')), line });
  return values;
}

// What `str.strip` takes off. JavaScript's own white space lacks U+001C to U+001F and U+0085, and has U+FEFF.
const whiteSpace = new Set(
  '\t\n\v\f\r\x1C\x1D\x1E\x1F \x85\xA0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A' +
    '\u2028\u2029\u202F\u205F\u3000',
);

function firstNonSpace(text: string): number {
  let start = 0;
  while (whiteSpace.has(text.charAt(start))) start += 1;
  return start;
}

// Not /\s+$/, whose time is quadratic in the length of a run of blanks.
function stripEnd(text: string): string {
  let end = text.length;
  while (whiteSpace.has(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function duplicate(what: 'section' | 'key', name: string, line: number, first: number): IniError {
  const hint = what === 'key' ? 'keep one of the two' : 'put all its keys below one header';
  return new IniError(line, `duplicate ${what} ${quoted(name)} (first on line ${first})`, hint);
}

function beforeFirstSection(text: string, line: number): IniError {
  return new IniError(
    line,
    `${quoted(text)} stands before the first section`,
    'put a [section] line above it',
  );
}

function withoutDelimiter(text: string, line: number): IniError {
  const hint = 'write "key: value", or indent the line to continue the value above it';
  return new IniError(line, `neither ":" nor "=" in ${quoted(text)}`, hint);
}

function withoutKey(text: string, line: number): IniError {
  return new IniError(line, `no key before ${quoted(text)}`, 'write "key: value"');
}

/** Short, and with control characters escaped: a terminal may show it. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
