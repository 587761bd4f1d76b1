import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FjrError } from '../../../src/job/fjr-error.js';
import type { FanOutFileWorld } from '../../../src/job/fan-out-file/world.js';
import type { TaskInput } from '../../../src/job/fan-out.js';
import type { InputSource } from '../../../src/job/fan-out-file/input-source.js';
import { readFanOutFile } from '../../../src/job/fan-out-file/read-fan-out-file.js';
import { type Given, TestWorld } from './world.js';

/** The source that `input:` describes, in flow form. */
function source(input: string, world: FanOutFileWorld): InputSource {
  return readFanOutFile(`command: a\ninput: ${input}\n`, 'fjr.yaml', world).input;
}

function inputs(input: string, given: Given = {}): TaskInput[] {
  return [...source(input, new TestWorld(given)).inputs];
}

/** Of a file with a certain ending. */
function read(ending: string, text: string): { columns: readonly string[]; inputs: TaskInput[] } {
  const path = `in.${ending}`;
  const { columns, inputs: read } = source(
    `{ file: { path: ${path} } }`,
    new TestWorld({ files: { [path]: text } }),
  );
  return { columns, inputs: [...read] };
}

/** Message and hint with which reading all inputs ends. */
function refusal(ending: string, text: string): string[] {
  const path = `in.${ending}`;
  const world = new TestWorld({ files: { [path]: text } });
  const { inputs: found } = source(`{ file: { path: ${path} } }`, world);
  try {
    Array.from(found);
  } catch (error) {
    if (error instanceof FjrError) return [error.message, ...(error.hint === undefined ? [] : [error.hint])];
    throw error;
  }
  throw new Error('all inputs were read');
}

const words = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));

describe('inputs from lines', () => {
  test('leave out empty ones, and keep what else there is', () => {
    expect(read('txt', '\uFEFFa\r\n\r\n\n  b "c" \nd\re\n#f').inputs).toEqual([
      'a',
      '  b "c" ',
      'd\re',
      '#f',
    ]);
  });

  test('come from a command', () => {
    expect(inputs(`{ command: "printf 'a\\\\n\\\\nb c\\\\n'" }`)).toEqual(['a', 'b c']);
  });

  test('of a command that fails end with its failure', () => {
    expect(() => inputs('{ command: "echo a; exit 3" }')).toThrow('echo a; exit 3 failed with exit code 3');
  });

  test('come from patterns, one after another', () => {
    const globs = { '*.png': ['a.png', 'b 1.png'], 'x/*': ['x/y'] };
    expect(inputs('{ glob: "*.png" }', { globs })).toEqual(['a.png', 'b 1.png']);
    expect(inputs('{ glob: ["*.png", x/*] }', { globs })).toEqual(['a.png', 'b 1.png', 'x/y']);
  });

  test('name the line with a NUL byte', () => {
    expect(refusal('txt', 'a\nb\0\n')).toEqual([
      'in.txt, line 2: a NUL byte',
      'no variable or argument can hold one',
    ]);
  });
});

describe('inputs in the file itself', () => {
  test.each(['[a, 1, 1.10, 010, true, "", "b c"]', '{ items: [a, 1, 1.10, 010, true, "", "b c"] }'])(
    'are words as they are written: %s',
    (input) => {
      expect(inputs(input)).toEqual(['a', '1', '1.10', '010', 'true', '', 'b c']);
    },
  );
});

describe('a range', () => {
  test.each([
    ['1..5', '1 2 3 4 5'],
    ['5..1', '5 4 3 2 1'],
    ['0..10..4', '0 4 8'],
    ['10..0..-4', '10 6 2'],
    ['-2..2', '-2 -1 0 1 2'],
    ['7..7', '7'],
    ['08..11', '08 09 10 11'],
    ['1..003', '001 002 003'],
    ['-01..01', '-01 00 01'],
    ['0.1..0.5..0.1', '0.1 0.2 0.3 0.4 0.5'],
    ['1..0..0.25', '1.00 0.75 0.50 0.25 0.00'],
    ['-0.5..0.5..0.5', '-0.5 0.0 0.5'],
  ])('%s', (range, expected) => {
    expect(inputs(`{ range: ${range} }`).join(' ')).toBe(expected);
  });

  test('has all numbers between its ends, at equal distances', () => {
    const whole = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(whole, whole, fc.integer({ min: 1, max: 50 }), (from, to, step) => {
        const expected: string[] = [];
        if (from <= to) for (let n = from; n <= to; n += step) expected.push(String(n));
        else for (let n = from; n >= to; n -= step) expected.push(String(n));
        expect(inputs(`{ range: ${from}..${to}..${step} }`)).toEqual(expected);
      }),
    );
  });

  test('is known to the plan, so that its pieces need no list', () => {
    expect(source('{ range: 1..1000 }', new TestWorld()).range).toEqual({
      first: 1,
      step: 1,
      count: 1000,
      decimals: 0,
      width: 0,
    });
  });
});

describe('a table', () => {
  test('has columns by its first line', () => {
    expect(read('csv', 'name,a b\r\n"Ann ""X"", Esq.",1\r\n\r\n"two\r\nlines",5" pipe\r\n')).toEqual({
      columns: ['name', 'a b'],
      inputs: [
        ['Ann "X", Esq.', '1'],
        ['two\r\nlines', '5" pipe'],
      ],
    });
    expect(read('tsv', 'a\tb\n1,2\t"x\ty"\n')).toEqual({ columns: ['a', 'b'], inputs: [['1,2', 'x\ty']] });
  });

  test.each([
    ['csv', ','],
    ['tsv', '\t'],
  ])('gives back whatever a writer of %s put there', (ending, separator) => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(words, { minLength: width, maxLength: width }), { minLength: 1 }));
    const cell = fc.constantFrom(',', '\t', '"', '\n', '\r', '\r\n', 'a', '');
    const odd = fc.array(
      fc.tuple(
        fc.array(cell).map((parts) => parts.join('')),
        words,
      ),
    );
    const lineEnd = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(fc.oneof(table, odd), lineEnd, fc.boolean(), (rows, end, quoteAll) => {
        const header = (rows[0] ?? ['a', 'b']).map((_, column) => `c${column}`);
        const text = [header, ...rows].map((row) => writeRow(row, separator, quoteAll) + end).join('');
        expect(read(ending, text)).toEqual({ columns: header, inputs: rows });
      }),
    );
  });

  test.each([
    [
      'a,b\n1\n',
      'in.csv, line 2: fields: 1, columns: 2',
      'each line has a field for each column of the first line',
    ],
    [
      'a\n"x\ny"\n1,2\n',
      'in.csv, line 4: fields: 2, columns: 1',
      'each line has a field for each column of the first line',
    ],
    ['a\n1\n"x\ny\n', 'in.csv, line 3: a quote is not closed'],
    [
      'a\n"x"y\n',
      'in.csv, line 2: text behind a closing quote',
      'a quote within quotes is written twice: ""',
    ],
    ['a\n\0\n', 'in.csv, line 2: a NUL byte', 'no variable or argument can hold one'],
  ])('names the line that is wrong: %j', (text, ...says) => {
    expect(refusal('csv', text)).toEqual(says);
  });
});

describe('lines of JSON', () => {
  test('are words', () => {
    const text = '"a\\n\\"b\\""\n\n1\n 1.10 \r\n12345678901234567890\ntrue\n';
    expect(read('jsonl', text)).toEqual({
      columns: [],
      inputs: ['a\n"b"', '1', '1.10', '12345678901234567890', 'true'],
    });
  });

  test('are columns by the first line, whose values keep their digits', () => {
    const text =
      '{"a": "x, {\\"}", "b": 12345678901234567890}\n' +
      '{"b": {"c": [1, 2.50, "]"], "d": {}}, "a": null}\n' +
      '{ "b" : [ ] }\n';
    expect(read('ndjson', text)).toEqual({
      columns: ['a', 'b'],
      inputs: [
        ['x, {"}', '12345678901234567890'],
        ['', '{"c": [1, 2.50, "]"], "d": {}}'],
        ['', '[ ]'],
      ],
    });
  });

  test('give back whatever JSON.stringify put there', () => {
    const value = fc.oneof(words, fc.integer(), fc.boolean(), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1 }), fc.boolean(), (rows, spaced) => {
        fc.pre(!JSON.stringify(rows).includes('\\u0000'));
        const text = rows.map(([a, b]) => {
          const json = JSON.stringify({ a, b }, undefined, spaced ? 1 : 0);
          return `${json.replaceAll('\n', ' ')}\n`;
        });
        const asWord = (cell: unknown): unknown => (cell === null ? '' : cell);
        const read = inputs('{ file: { path: x, format: jsonLines } }', { files: { x: text.join('') } });
        const back = (read as string[][]).map((row, index) =>
          row.map((word, column): unknown => {
            const exact = typeof rows[index]![column] === 'string' || word === '';
            return exact ? word : (JSON.parse(word) as unknown);
          }),
        );
        expect(back).toEqual(JSON.parse(JSON.stringify(rows.map((row) => row.map(asWord)))));
      }),
    );
  });

  test.each([
    ['"a"\n{', 'in.jsonl, line 2: "{" is not JSON', 'expected one JSON text on each line'],
    ['"a"\n[1]\n', 'in.jsonl, line 2: a list', 'expected an object, a string or a number'],
    ['"a"\nnull\n', 'in.jsonl, line 2: null', 'expected an object, a string or a number'],
    ['"a"\n{"b": 1}\n', 'in.jsonl, line 2: an object', 'the first line is none: use one form for all'],
    ['{"b": 1}\n"a"\n', 'in.jsonl, line 2: "a" is no object', 'the first line is one'],
    ['{"b": 1}\n{"c": 1}\n', 'in.jsonl, line 2: unknown column "c"', 'the first line has "b"'],
    ['{"b": 1}\n{"b": 1, "b": 2}\n', 'in.jsonl, line 2: "b" stands twice'],
    ['"a"\n"\\u0000"\n', 'in.jsonl, line 2: a NUL byte', 'no variable or argument can hold one'],
  ])('name the line that is wrong: %j', (text, ...says) => {
    expect(refusal('jsonl', text)).toEqual(says);
  });
});

describe('a product', () => {
  test('has each combination, the last list changing first', () => {
    const world = new TestWorld({ files: { 's.txt': 'x\ny\n' }, globs: { '*': ['p', 'q'] } });
    const { columns, inputs: all } = source(
      '{ product: { lr: [0.1, 0.01], seed: { range: 1..2 }, s: { file: { path: s.txt } } } }',
      world,
    );
    expect(columns).toEqual(['lr', 'seed', 's']);
    expect([...all].map((input) => (input as string[]).join(' '))).toEqual([
      '0.1 1 x',
      '0.1 1 y',
      '0.1 2 x',
      '0.1 2 y',
      '0.01 1 x',
      '0.01 1 y',
      '0.01 2 x',
      '0.01 2 y',
    ]);
    // One line to see that the file is there, and both once, however many combinations there are.
    expect(world.asked.get('s.txt')).toBe(1 + 2);
  });

  test('of one empty list is empty', () => {
    expect(inputs('{ product: { a: [1, 2], b: { file: { path: e } } } }', { files: { e: '\n' } })).toEqual(
      [],
    );
  });
});

describe('how many there are', () => {
  test.each([
    ['[a, b]', 2],
    ['{ items: [a] }', 1],
    ['{ range: 1..1000000000 }', 1_000_000_000],
    ['{ product: { a: { range: 1..1000 }, b: [x, y], c: { items: [z] } } }', 2000],
    ['{ product: { a: [1], b: { file: { path: x } } } }', undefined],
    ['{ file: { path: x } }', undefined],
    ['{ glob: x }', undefined],
  ])('is known without reading them, where it can be: %s', (input, expected) => {
    expect(source(input, new TestWorld({ files: { x: 'a\n' } })).count).toBe(expected);
  });
});

describe('a million inputs', () => {
  const million = 1_000_000;

  /** A file that is made as it is read. */
  class Endless extends TestWorld {
    read = 0;
    closed = 0;
    override *lines(path: string): Generator<string> {
      try {
        if (path.endsWith('csv')) yield 'a,b';
        for (let n = 0; n < million; n++) {
          this.read += 1;
          yield path.endsWith('csv') ? `${n},"x"` : path.endsWith('jsonl') ? `{"n": ${n}}` : String(n);
        }
      } finally {
        this.closed += 1;
      }
    }
  }

  test.each(['in.txt', 'in.csv', 'in.jsonl'])('are read as they are asked for: %s', (path) => {
    const world = new Endless();
    const { inputs: all } = source(`{ file: { path: ${path} } }`, world);
    // To see that the file is there, and what its columns are.
    expect(world.read).toBeLessThanOrEqual(2);
    const [opened, before] = [world.closed, world.read];
    const taken: TaskInput[] = [];
    for (const input of all) {
      taken.push(input);
      if (taken.length === 3) break;
    }
    expect(taken).toHaveLength(3);
    expect(world.read - before).toBeLessThanOrEqual(3);
    expect(world.closed).toBe(opened + 1);
  });

  test.each(['in.txt', 'in.csv', 'in.jsonl'])('are all there: %s', (path) => {
    let count = 0;
    for (const _ of source(`{ file: { path: ${path} } }`, new Endless()).inputs) count += 1;
    expect(count).toBe(million);
  });

  test('may be combinations of which none is made before its time', () => {
    const { inputs: all } = source(
      '{ product: { a: { file: { path: in.txt } }, b: { range: 1..1000000000 } } }',
      new Endless(),
    );
    const [first] = all;
    expect(first).toEqual(['0', '1']);
  });
});

/** A row as RFC 4180 has it. */
function writeRow(row: readonly string[], separator: string, quoteAll: boolean): string {
  return row
    .map((field) => {
      const plain = !quoteAll && field !== '' && !/["\r\n]/.test(field) && !field.includes(separator);
      return plain ? field : `"${field.replaceAll('"', '""')}"`;
    })
    .join(separator);
}
