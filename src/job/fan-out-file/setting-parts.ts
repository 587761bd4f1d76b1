/** Settings that all files have in common, by the parts of their schemas. */
import * as z from 'zod';
import { parseLabels } from '../labels.js';
import { parseDuration } from '../quantities.js';
import { environment, listOf, parsed, readOrComplain, whole, word, words } from './schema-parts.js';

const duration = 'a duration such as 90, 90s, 5m or 1h30m';

export const timeLimit = () => parsed((value) => positive(parseDuration(value)), duration);

export const delay = () => parsed(parseDuration, duration);

export const retryCount = () => whole(0, 1000, 'a whole number from 0 to 1000');

export const priority = () => whole(-1e9, 1e9, 'a whole number, higher goes first');

export const niceness = () => whole(-20, 19, 'a whole number from -20 to 19');

export const cpuCount = () => whole(1, 1e6, 'a whole number from 1');

export const gpuCount = () => whole(0, 1e4, 'a whole number from 0');

export const variables = () =>
  environment(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name: letters, digits and "_"');

export function labels() {
  const expected = 'a list of words, or words separated by commas';
  return z
    .union([word(), listOf(word())], { error: expected })
    .transform((value, context): readonly string[] => {
      const lines = typeof value === 'string' ? value : value.join('\n');
      return readOrComplain(parseLabels, lines, expected, context);
    });
}

/** A line for the shell, or a program and its exact arguments. */
export const command = () =>
  z.union([commandLine(), words()], { error: 'a command line, or a list of words' });

function commandLine() {
  const expected = 'a command line';
  return word(expected).refine((line) => line.trim() !== '', { error: expected });
}

export function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
