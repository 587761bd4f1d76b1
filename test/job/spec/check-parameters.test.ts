import { describe, expect, test } from 'vitest';
import { checkParameters } from '../../../src/job/spec/check-parameters.js';
import { readSpec } from '../../../src/job/spec/read-spec.js';

const spec = (...parameters: [name: string, type: string][]): ReturnType<typeof readSpec> =>
  readSpec(
    `Command = "true"\n${parameters.map(([name, type]) => `[[Parameter]]\nName = ${JSON.stringify(name)}\nType = "${type}"\n`).join('')}`,
    'x',
  );

const check = (type: string, value: string): object =>
  checkParameters(spec(['x', type]), new Map([['x', value]]));

describe('a number', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['+7', '7'],
    ['-42', '-42'],
    ['007', '7'],
    [`${'0'.repeat(100)}9`, '9'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
  ])('%j becomes %j', (text, value) => {
    expect(check('int', text)).toEqual({ environment: { JOBMGR_PARAMETER_X: value } });
  });

  test.each([
    '',
    ' 1',
    '1 ',
    '1\n',
    '1.0',
    '1e3',
    '0x10',
    '1_000',
    '--1',
    '+',
    '٣',
    '9223372036854775808',
    '-9223372036854775809',
    '9'.repeat(10_000),
    'null',
  ])('is not %j', (text) => {
    expect(check('int', text)).toEqual({
      faults: [
        expect.stringMatching(
          /^parameter 'x' has invalid value '.*' \(expected a whole number of 64 bits\)$/u,
        ),
      ],
    });
  });
});

describe('text', () => {
  test.each([
    '',
    ' ',
    'a b',
    "'",
    '"',
    '$HOME `id` $(id)',
    'a=b',
    'two\nlines\r\n',
    '[fjr]\nexecutable: x',
    '😀',
  ])('%j stays what it is', (text) => {
    expect(check('string', text)).toEqual({ environment: { JOBMGR_PARAMETER_X: text } });
  });

  test.each([
    ['a\0b', 'text without NUL characters'],
    ['\ud800', 'text that is Unicode'],
    ['x'.repeat(131_072), 'less than 128 KiB of text'],
    ['€'.repeat(43_690), 'less than 128 KiB of text'],
  ])('that no program could be given is refused', (text, expected) => {
    expect(check('string', text)).toEqual({ faults: [expect.stringContaining(`(expected ${expected})`)] });
  });
});

test('Names become variables, upper case and without blanks and hyphens', () => {
  const values = new Map([
    ['output file-name', 'a'],
    ['größe', 'b'],
    ['__proto__', 'c'],
  ]);
  const { environment = {} } = checkParameters(
    spec(['output file-name', 'string'], ['größe', 'string'], ['__proto__', 'string']),
    values,
  ) as { environment?: object };
  expect(Object.entries(environment)).toEqual([
    ['JOBMGR_PARAMETER_OUTPUT_FILE_NAME', 'a'],
    ['JOBMGR_PARAMETER_GRÖSSE', 'b'],
    ['JOBMGR_PARAMETER___PROTO__', 'c'],
  ]);
});

test('What is missing or wrong is all named, and what nobody asks for is passed over', () => {
  const three = spec(['a', 'string'], ['b', 'int'], ['c', 'int']);
  const values = new Map([
    ['c', 'no'],
    ['d', 'extra'],
  ]);
  expect(checkParameters(three, values)).toEqual({
    faults: [
      "parameter 'a' is required but not set",
      "parameter 'b' is required but not set",
      "parameter 'c' has invalid value 'no' (expected a whole number of 64 bits)",
    ],
  });
});
