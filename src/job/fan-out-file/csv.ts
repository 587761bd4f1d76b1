import { type NumberedLine, inputError, numberedLines, withoutReturn } from './each-line.js';

/** A record of a table, and the line on which it begins. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/**
 * Records of a file of comma-separated values (RFC 4180), or with another separator. Fields in quotes may hold
 * separators, line ends and doubled quotes; a quote in the middle of a field stands for itself, and empty lines are no
 * records. Throws FjrError with file and line.
 */
export function* readCsv(source: string, lines: Iterable<string>, separator: string): Generator<CsvRecord> {
  const numbered = numberedLines(source, lines);
  try {
    const reader = new Reader(source, numbered, separator);
    for (let record = reader.record(); record !== undefined; record = reader.record()) yield record;
  } finally {
    numbered.return(undefined);
  }
}

class Reader {
  readonly #source: string;
  readonly #lines: Iterator<NumberedLine>;
  readonly #separator: string;
  #text = '';
  #line = 0;
  #at = 0;

  constructor(source: string, lines: Iterator<NumberedLine>, separator: string) {
    this.#source = source;
    this.#lines = lines;
    this.#separator = separator;
  }

  record(): CsvRecord | undefined {
    do if (!this.#nextLine()) return undefined;
    while (withoutReturn(this.#text) === '');
    const line = this.#line;
    const fields = [this.#field()];
    while (this.#text.startsWith(this.#separator, this.#at)) {
      this.#at += this.#separator.length;
      fields.push(this.#field());
    }
    return { fields, line };
  }

  #nextLine(): boolean {
    const { value, done } = this.#lines.next() as IteratorResult<NumberedLine, undefined>;
    if (done === true) return false;
    this.#text = value.text;
    this.#line = value.line;
    this.#at = 0;
    return true;
  }

  #field(): string {
    if (this.#text[this.#at] === '"') return this.#quotedField();
    const end = this.#text.indexOf(this.#separator, this.#at);
    const field = end < 0 ? withoutReturn(this.#text.slice(this.#at)) : this.#text.slice(this.#at, end);
    this.#at = end < 0 ? this.#text.length : end;
    return field;
  }

  #quotedField(): string {
    const begun = this.#line;
    this.#at += 1;
    let field = '';
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at);
      if (quote < 0) {
        field += `${this.#text.slice(this.#at)}\n`;
        if (!this.#nextLine()) throw inputError(this.#source, begun, 'a quote is not closed');
        continue;
      }
      field += this.#text.slice(this.#at, quote);
      this.#at = quote + 1;
      if (this.#text[this.#at] !== '"') break;
      field += '"';
      this.#at += 1;
    }
    this.#checkEnd();
    return field;
  }

  /** Behind closing quotes stands a separator or the end of the line. */
  #checkEnd(): void {
    if (this.#text.startsWith(this.#separator, this.#at)) return;
    if (withoutReturn(this.#text.slice(this.#at)) !== '')
      throw inputError(
        this.#source,
        this.#line,
        'text behind a closing quote',
        'a quote within quotes is written twice: ""',
      );
  }
}
