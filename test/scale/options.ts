import { parseArgs } from 'node:util';
import { servers } from './server.js';
import type { Row } from './sweep.js';

/** What is to be simulated: one scenario, or, if none was asked for, the usual ones. */
export interface Wanted {
  readonly seed: number;
  readonly row: Row | undefined;
}

/** Says which scenario is meant. */
const naming = ['hosts', 'tasks', 'files'] as const;
/** Say more of it. */
const describing = ['workers-per-host', 'task-seconds', 'server', 'seconds'] as const;

const string = { type: 'string' } as const;
const options = {
  hosts: string,
  tasks: string,
  files: string,
  'workers-per-host': string,
  'task-seconds': string,
  server: string,
  seconds: string,
  seed: string,
} as const;

/** Throws an Error whose message is meant for a person. */
export function readOptions(args: readonly string[]): Wanted {
  const { values } = parseArgs({ args: [...args], options });
  const seed = whole('seed', values.seed ?? '1');
  if (naming.every((option) => values[option] === undefined)) {
    const extra = describing.find((option) => values[option] !== undefined);
    if (extra === undefined) return { seed, row: undefined };
    throw new Error(`--${extra} is for one scenario: expected --hosts, --tasks or --files beside it`);
  }
  if (values.tasks !== undefined && values.files !== undefined)
    throw new Error('--tasks stands beside --files: expected one of them');
  const name = values.server ?? 'measured';
  if (!isServer(name))
    throw new Error(`--server is "${name}": expected ${Object.keys(servers).join(' or ')}`);
  const kind = values.files === undefined ? 'tasks' : 'files';
  return {
    seed,
    row: {
      name,
      server: servers[name],
      hosts: whole('hosts', values.hosts ?? '1000'),
      workersPerHost: whole('workers-per-host', values['workers-per-host'] ?? '64'),
      kind,
      count: whole(kind, values[kind] ?? '1e8'),
      taskSeconds: above0('task-seconds', values['task-seconds'] ?? '1'),
      seconds: above0('seconds', values.seconds ?? '60'),
      seed,
    },
  };
}

function isServer(name: string): name is keyof typeof servers {
  return Object.hasOwn(servers, name);
}

function whole(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${option} is "${text}": expected a whole number above 0, such as 1000 or 1e6`);
}

function above0(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new Error(`--${option} is "${text}": expected a number above 0, such as 0.5 or 60`);
}
