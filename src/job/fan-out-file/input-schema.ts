import * as z from 'zod';
import { parseRange, rangePattern } from './number-range.js';
import { choice, listOf, matching, section, text, words } from './schema-parts.js';
import { exactlyOne } from './schema-rules.js';

const path = () =>
  text('a path').describe('Path of the file. A relative one begins at the directory of fjr.yaml.');

/** A file with an item on each line. */
export const listFile = () =>
  section({
    path: path(),
    format: choice(['eachLine'])
      .optional()
      .describe('eachLine: each line is an item; empty lines are none. The default, and all there is here.'),
  });

const range = () =>
  matching(rangePattern, parseRange, 'a range such as 1..1000, 0..100..5 or 0.1..0.5..0.1').describe(
    'Numbers from the first to the last, both included: 1..1000, or with a step 0..100..5 or 0.1..0.5..0.1. They ' +
      'count down if the last is smaller, and 001..100 has as many digits everywhere.',
  );

const glob = () =>
  z
    .union([text(), listOf(text('a pattern'), 'a list of patterns').min(1)], {
      error: 'a pattern, or a list of them',
    })
    .describe(
      'Paths that match a pattern such as "data/**/*.png", or one of a list of patterns, in natural order. A relative ' +
        'pattern begins at the directory of fjr.yaml.',
    );

const command = () =>
  text('a command line').describe(
    'A command line for /bin/sh: each line that it prints is an input. It runs when inputs are read.',
  );

const items = () => words().describe('The inputs themselves.');

const listKeys = ['file', 'glob', 'items', 'range', 'command'] as const;

/** What yields one word for each input. */
const listSection = () =>
  exactlyOne(
    section({
      file: listFile().optional().describe('A file with an input on each line.'),
      glob: glob().optional(),
      items: items().optional(),
      range: range().optional(),
      command: command().optional(),
    }),
    listKeys,
  );

export type ListConfig = z.output<ReturnType<typeof listSection>>;

const columnName = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const product = () =>
  z
    .record(
      z.string().regex(columnName, { error: 'a name of letters, digits and "_"' }),
      z.union([words(), listSection()], { error: `a list of words, or a map with ${listKeys.join(', ')}` }),
      { error: 'a map of names and lists' },
    )
    .refine((lists) => Object.keys(lists).length > 0, { error: 'a map of names and lists' })
    .meta({ minProperties: 1 })
    .describe(
      'Each combination of several named lists is an input with a column for each: for `lr: [0.1, 0.01]` and ' +
        '`seed: { range: 1..3 }` there are six, the last list changing first. Lists after the first are kept in memory.',
    );

const tableFile = () =>
  section({
    path: path(),
    format: choice(['eachLine', 'csv', 'tsv', 'jsonLines'])
      .optional()
      .describe(
        'eachLine: each line is an input; empty lines are none. csv, tsv: the first line names the columns. jsonLines: ' +
          'a JSON text on each line, whose keys are the columns; a string or number is an input of one word. The default ' +
          'goes by the ending of the path (.csv, .tsv, .jsonl, .ndjson), else it is eachLine.',
      ),
  });

export const inputKeys = [...listKeys, 'product'] as const;

export const inputSchema = () =>
  z.union(
    [
      words(),
      exactlyOne(
        section({
          file: tableFile().optional().describe('A file with an input on each line, or a table.'),
          glob: glob().optional(),
          items: items().optional(),
          range: range().optional(),
          command: command().optional(),
          product: product().optional(),
        }),
        inputKeys,
      ),
    ],
    { error: `a list of words, or a map with ${inputKeys.join(', ')}` },
  );

export type InputConfig = z.output<ReturnType<typeof inputSchema>>;
export type FileFormat = 'eachLine' | 'csv' | 'tsv' | 'jsonLines';
