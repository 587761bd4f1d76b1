import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.mjs';

/** What to do; undefined if all that was wanted has been said. */
export function readArguments(args) {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    if (values.help) {
      console.log(help());
      return undefined;
    }
    return { ...values, names: chosen(positionals, values.quick), rounds: parseRounds(values.rounds) };
  } catch (error) {
    console.error(`bench: ${error.message}\nhint: npm run bench -- --help`);
    process.exitCode = 2;
    return undefined;
  }
}

const options = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** Those that are named, else all: quickly only what needs no cluster. */
function chosen(names, quick) {
  const all = Object.keys(scenarios);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`no scenario "${unknown}"; there are: ${all.join(' ')}`);
  if (names.length > 0) return names;
  return all.filter((name) => !(quick && scenarios[name].rounds.quick === 0));
}

function parseRounds(text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--rounds ${text}: a whole number from 1 was expected`);
  return Number(text);
}

function help() {
  const each = Object.entries(scenarios).map(
    ([name, { title, about, rounds }]) =>
      `${name}: ${title(false)}; ${rounds.full === 1 ? 'one round' : `${rounds.full} rounds`}\n${about.replace(/^/gm, '  ')}\n`,
  );
  return `npm run bench [-- NAME... --quick --rounds N --json]

Measures fjr beside GNU parallel, xargs, task-spooler and nq, which are installed if that needs no password, in one
run: in each round all of them do the same work, one after another, and "fjr is" is the median of the ratios within a
round. Everything lies below TMPDIR, and is gone at the end, also after Ctrl-C.

  --quick     fewer and smaller rounds, in a minute; without slow
  --rounds N  as many rounds of each scenario
  --json      all values of all rounds, on standard output

${each.join('\n')}`;
}
