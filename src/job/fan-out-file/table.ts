import { columnFault } from './columns.js';
import { readCsv } from './csv.js';
import { inputError, quoted } from './each-line.js';
import { readJsonLines } from './json-lines.js';

/** A file of inputs whose first line says what columns there are. */
export interface Table {
  readonly columns: readonly string[];
  /** Read anew each time. */
  rows(): Generator<string | readonly string[]>;
}

type Lines = () => Iterable<string>;

export function csvTable(source: string, lines: Lines, separator: string): Table {
  const columns = csvHeader(source, lines, separator);
  return {
    columns,
    *rows() {
      let header = true;
      for (const { fields, line } of readCsv(source, lines(), separator)) {
        if (!header && fields.length !== columns.length)
          throw inputError(
            source,
            line,
            `fields: ${fields.length}, columns: ${columns.length}`,
            'each line has a field for each column of the first line',
          );
        if (!header) yield fields;
        header = false;
      }
    },
  };
}

function csvHeader(source: string, lines: Lines, separator: string): readonly string[] {
  for (const { fields, line } of readCsv(source, lines(), separator)) {
    const columns = fields.map((field) => field.trim());
    checkColumns(source, line, columns);
    return columns;
  }
  throw inputError(source, 1, 'there is no header', 'the first line names the columns');
}

function checkColumns(source: string, line: number, columns: readonly string[]): void {
  const fault = columnFault(columns);
  if (fault !== undefined) throw inputError(source, line, fault, 'give each column a name of its own');
}

/** The first line's keys are the columns; if it is a word, all are. A key that a line lacks is empty there. */
export function jsonTable(source: string, lines: Lines): Table {
  const columns = jsonHeader(source, lines);
  const known = new Set(columns);
  return {
    columns,
    *rows() {
      for (const row of readJsonLines(source, lines())) {
        if ('word' in row) {
          if (known.size > 0)
            throw inputError(source, row.line, `${quoted(row.word)} is no object`, 'the first line is one');
          yield row.word;
          continue;
        }
        checkKeys(source, row, known);
        yield columns.map((column) => row.columns.get(column) ?? '');
      }
    },
  };
}

function jsonHeader(source: string, lines: Lines): readonly string[] {
  for (const row of readJsonLines(source, lines())) {
    if ('word' in row) return [];
    const columns = [...row.columns.keys()];
    if (columns.length === 0) throw inputError(source, row.line, 'an object without keys');
    checkColumns(source, row.line, columns);
    return columns;
  }
  return [];
}

function checkKeys(
  source: string,
  row: { readonly line: number; readonly columns: ReadonlyMap<string, string> },
  known: ReadonlySet<string>,
): void {
  if (known.size === 0)
    throw inputError(source, row.line, 'an object', 'the first line is none: use one form for all');
  for (const key of row.columns.keys())
    if (!known.has(key))
      throw inputError(
        source,
        row.line,
        `unknown column ${quoted(key)}`,
        `the first line has ${[...known].map(quoted).join(', ')}`,
      );
}
