import { FjrError } from '../../job/fjr-error.js';
import { didYouMean } from '../../job/did-you-mean.js';
import { shorten } from '../../job/shorten.js';
import type { KeySettings, StoreSettings } from './store-settings.js';

type Table = Readonly<Record<string, unknown>>;

const keys = {
  Endpoint: { expected: 'an address such as "https://s3.example.org"', accept: isEndpoint },
  PublicEndpoint: { expected: 'an address such as "https://files.example.org"', accept: isEndpoint },
  Bucket: { expected: 'a name of 3 to 63 letters, digits, dots, hyphens and underscores', accept: isBucket },
  Prefix: {
    expected: 'a path such as "fjr/lab" of at most 200 bytes, without empty parts',
    accept: isPrefix,
  },
  Region: { expected: 'a name such as "eu-central-1"', accept: isRegion },
  PathStyle: { expected: 'true or false', accept: (value: unknown) => typeof value === 'boolean' },
  AccessKeyID: { expected: 'a text', accept: isText },
  SecretAccessKey: { expected: 'a text', accept: isText },
  AccessKeyIDEnv: { expected: 'the name of an environment variable', accept: isText },
  SecretAccessKeyEnv: { expected: 'the name of an environment variable', accept: isText },
} as const;
type Key = keyof typeof keys;

/** jobmgr's own section, and what its keys are called in ours. */
const jobmgrKeys: Readonly<Record<string, Key>> = {
  AccessKeyID: 'AccessKeyID',
  SecretAccessKey: 'SecretAccessKey',
  Region: 'Region',
  ArtifactsBucket: 'Bucket',
};

/** Stores of other makes mostly do not care. */
const usualRegion = 'us-east-1';

/**
 * The store that [Store] describes, or jobmgr's [AWS]; with both, [Store] counts and [AWS] says the rest. Undefined: no
 * bucket is named. What is wrong in [Store] is a mistake: nobody would notice that artifacts stay here. `remark` is told
 * of what is passed over.
 */
export function readStore(
  store: unknown,
  aws: unknown,
  file: string,
  remark: (line: string) => void,
): StoreSettings | undefined {
  const ours = store === undefined ? {} : readTable(store, '[Store]', file);
  for (const name of Object.keys(ours)) if (!Object.hasOwn(keys, name)) throw unknownKey(name, file);
  const theirs = aws === undefined ? {} : readJobmgrs(readTable(aws, '[AWS]', file), file, remark);
  // Keys belong together: half of each pair would open nothing.
  const hasKeys = Object.keys(ours).some((name) => name.includes('AccessKey'));
  const rest = hasKeys ? { ...theirs, AccessKeyID: undefined, SecretAccessKey: undefined } : theirs;
  const section = (name: Key): string => (ours[name] === undefined ? '[AWS]' : '[Store]');
  const read = (name: Key): unknown => {
    const value = ours[name] ?? rest[name];
    if (value === undefined || keys[name].accept(value)) return value;
    // Not the secret itself.
    const shown = name === 'SecretAccessKey' ? 'no text' : shorten(JSON.stringify(value));
    throw wrong(file, `${name} in ${section(name)} is ${shown}`, `expected ${keys[name].expected}`);
  };
  const text = (name: Key): string | undefined => read(name) as string | undefined;
  const [bucket, endpoint] = [text('Bucket'), text('Endpoint')];
  if (bucket === undefined && store === undefined) {
    if (aws !== undefined)
      remark(
        `${file}: [AWS] does not apply: it names no ArtifactsBucket, so artifacts stay in the project's directory`,
      );
    return undefined;
  }
  if (bucket === undefined) throw wrong(file, '[Store] has no Bucket', `expected ${keys.Bucket.expected}`);
  const region = text('Region') ?? (endpoint === undefined ? undefined : usualRegion);
  if (region === undefined)
    throw wrong(
      file,
      `${section('Bucket')} has no Region`,
      'give it, or the Endpoint of a store of another make',
    );
  return {
    endpoint: endpoint?.replace(/\/+$/, ''),
    publicEndpoint: text('PublicEndpoint')?.replace(/\/+$/, ''),
    ...{ bucket, region, prefix: text('Prefix')?.replace(/\/$/, '') ?? '' },
    pathStyle: (read('PathStyle') ?? endpoint !== undefined) as boolean,
    keys: readKeys(text, file),
  };
}

function readKeys(read: (name: Key) => string | undefined, file: string): KeySettings {
  const [id, secret] = [read('AccessKeyID'), read('SecretAccessKey')];
  const [idEnv, secretEnv] = [read('AccessKeyIDEnv'), read('SecretAccessKeyEnv')];
  for (const [name, both] of [
    ['AccessKeyID', id !== undefined && idEnv !== undefined],
    ['SecretAccessKey', secret !== undefined && secretEnv !== undefined],
  ] as const)
    if (both) throw wrong(file, `[Store] has both ${name} and ${name}Env`, 'give one of them');
  return { id, secret, idEnv, secretEnv };
}

/** What is empty is not set: jobmgr wants its keys to be there, also where nothing uses them. */
function readJobmgrs(table: Table, file: string, remark: (line: string) => void): Table {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(table)) {
    const ours = Object.hasOwn(jobmgrKeys, name) ? jobmgrKeys[name] : undefined;
    if (ours === undefined) remark(`${file}: unknown "${shorten(name)}" in [AWS] is passed over`);
    else if (value !== '') read[ours] = value;
  }
  return read;
}

function readTable(value: unknown, name: string, file: string): Table {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Table;
  throw wrong(file, `${name} is no section`, `write ${name} and its keys below`);
}

function unknownKey(name: string, file: string): FjrError {
  const near = didYouMean(name, Object.keys(keys));
  return wrong(
    file,
    `there is no key "${shorten(name)}" in [Store]`,
    near === undefined ? `expected ${Object.keys(keys).join(', ')}` : `did you mean "${near}"?`,
  );
}

function wrong(file: string, what: string, hint: string): FjrError {
  return new FjrError('usage', `${file}: ${what}`, { hint });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isEndpoint(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}

function isBucket(value: unknown): boolean {
  return isText(value) && /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(value);
}

function isPrefix(value: unknown): boolean {
  if (typeof value !== 'string' || Buffer.byteLength(value) > 200) return false;
  const parts = value.replace(/\/$/, '').split('/');
  return value === '' || parts.every((part) => !['', '.', '..'].includes(part) && !/[\p{C}\\]/u.test(part));
}

function isRegion(value: unknown): boolean {
  return isText(value) && /^[A-Za-z0-9_-]{1,64}$/.test(value);
}
