import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { FjrError } from '../job/fjr-error.js';

/** Names that DECODE's workers know, in the environment or in a file of it. */
const names = [
  'API_URL',
  'USERNAME',
  'PASSWORD',
  'ACCESS_TOKEN',
  'PATH_BASE',
  'PATH_HOST_BASE',
  'TIMEOUT_JOB',
  'TIMEOUT_STATUS',
] as const;
export type SettingName = (typeof names)[number];
export type Settings = Readonly<Partial<Record<SettingName, string>>>;

/** What no job is to find in its environment. */
const secrets = ['ACCESS_TOKEN', 'PASSWORD', 'USERNAME'];

/** Settings of the environment, and where they are not there, of a file. Secrets are taken out of the environment. */
export function readJoinSettings(file: string | undefined): Settings {
  const inFile = file === undefined ? {} : readEnvFile(file);
  const settings: Partial<Record<SettingName, string>> = {};
  for (const name of names) {
    const value = process.env[name] ?? inFile[name];
    if (value !== undefined && value !== '') settings[name] = value;
  }
  // Jobs inherit our environment.
  for (const name of secrets) Reflect.deleteProperty(process.env, name);
  return settings;
}

function readEnvFile(path: string): Record<string, string> {
  const values: Record<string, string> = {};
  readText(path, '--env')
    .split('\n')
    .forEach((line, index) => {
      if (/^\s*(#|$)/.test(line)) return;
      const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new FjrError('usage', `${path}, line ${index + 1}: expected NAME=value`);
      values[name] = unquoted(value);
    });
  return values;
}

function unquoted(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? [];
  return inner ?? value.replace(/\s+#.*$/, '');
}

/** The first line of a file that holds a token. */
export function readTokenFile(path: string): string {
  const token = readText(path, '--token-file').trim();
  if (token !== '' && !/\s/.test(token)) return token;
  throw new FjrError('usage', `${path} holds ${token === '' ? 'nothing' : 'more than one word'}`, {
    hint: 'expected a token, as fjr token add shows it',
  });
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError('usage', `${option} ${path}: ${code}`, { cause: error });
  }
}

/** `~` is the user's home, and what is not absolute begins here. */
export function directoryOf(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

/** Where a worker keeps what is only of use to itself. */
export function stateDirectory(): string {
  const state = process.env['XDG_STATE_HOME'];
  const base = state === undefined || state === '' ? `${homedir()}/.local/state` : state;
  return resolve(base, 'fjr-worker');
}
