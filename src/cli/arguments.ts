import yargs, { type Argv } from 'yargs';
import { FjrError } from '../job/fjr-error.js';
import { exitCodeTable } from './exit-code.js';
import type { ProgramName } from './main.js';
import { version } from './version.js';

/** A parser with the habits that all programs share. Numbers stay text until somebody asks for a number. */
export function parser(name: ProgramName, argv: readonly string[]): Argv<{ project: string }> {
  const y = yargs(joinDashes(argv));
  return y
    .scriptName(name)
    .locale('en')
    .strict()
    .exitProcess(false)
    .version(version)
    .help()
    .wrap(Math.min(100, process.stdout.columns))
    .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'populate--': true })
    .option('project', {
      alias: 'p',
      type: 'string',
      default: 'default',
      describe: 'The directory under $FJR_HOME (default ~/.fjr) in which everything happens',
    })
    .epilogue(exitCodeTable)
    .check((args) => {
      const lists = listsOf(y);
      for (const [key, value] of Object.entries(args))
        if (Array.isArray(value) && !lists.includes(key))
          throw new FjrError('usage', `--${key} is given ${value.length} times`, { hint: 'give it once' });
      return true;
    }, true)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new FjrError('usage', message ?? 'bad arguments', { hint: `${name} --help` });
    });
}

/** Options and arguments that may have several values; yargs tells, though its types do not. */
function listsOf(y: Argv): readonly string[] {
  const { array } = (y as unknown as { getOptions(): { array: readonly string[] } }).getOptions();
  return [...array, '_', '--'];
}

/** A lone `-` after an option is its value: yargs would take it for nothing. */
function joinDashes(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (const word of argv) {
    const before = words.at(-1) ?? '';
    if (word === '-' && /^--[a-z-]+$/.test(before)) words[words.length - 1] = `${before}=-`;
    else words.push(word);
  }
  return words;
}

/** A number given as an option's or argument's value. */
export function numberArgument(what: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number >= least) return number;
  throw new FjrError('usage', `${what} is "${value}"`, { hint: `expected a number, at least ${least}` });
}

export function wholeArgument(what: string, value: string, least: number): number {
  const number = numberArgument(what, value, least);
  if (Number.isInteger(number)) return number;
  throw new FjrError('usage', `${what} is "${value}"`, {
    hint: `expected a whole number, at least ${least}`,
  });
}

/** More would not fit the names of badges, and no host carries so many. */
export function workersArgument(what: string, value: string): number {
  const workers = wholeArgument(what, value, 1);
  if (workers <= 10_000) return workers;
  throw new FjrError('usage', `${what} is ${workers}`, { hint: 'expected at most 10000' });
}

/** Help and --version print and are done: yargs then runs no command. */
export function isHelp(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  return own.some((word) => word === '--help' || word === '--version');
}
