import { TomlError, parse } from 'smol-toml';
import { FjrError } from '../job/fjr-error.js';
import { didYouMean } from '../job/did-you-mean.js';
import { shorten } from '../job/shorten.js';
import { readStore } from './stores/read-store.js';
import type { StoreSettings } from './stores/store-settings.js';
import { readWebhooks } from './webhooks/read-webhooks.js';
import type { WebhookSettings } from './webhooks/webhook.js';

/** What a configuration file may say; command lines go before it. */
export interface Config {
  readonly listen?: string;
  readonly port?: number;
  /** By which clients reach the server, if it is not the address that they ask: something in front of it does TLS, say. */
  readonly publicUrl?: string;
  /** As `--keep`. */
  readonly keep?: string;
  /** Where the specs are. */
  readonly jobSpecs?: string;
  readonly webhooks?: readonly WebhookSettings[];
  /** Where artifacts go. */
  readonly store?: StoreSettings;
  readonly workers?: WorkerConfig;
}

/** What `[Workers]` may say. */
export interface WorkerConfig {
  readonly files?: string;
  readonly lease?: string;
  readonly retries?: number;
  readonly retryDifferent?: boolean;
  /** Of one execution. */
  readonly uploadLimit?: string;
}

/** Sections of jobmgr's that mean nothing here, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  Database: "the queue is the project's directory",
};

interface Key {
  readonly key: string;
  readonly expected: string;
  readonly accept: (value: unknown) => boolean;
}

const workerKeys: Readonly<Record<string, Key>> = {
  Files: { key: 'files', expected: 'a directory', accept: isText },
  Lease: { key: 'lease', expected: 'a duration such as "300s"', accept: isText },
  Retries: {
    key: 'retries',
    expected: 'a number from 0 to 100',
    accept: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100,
  },
  RetryDifferent: {
    key: 'retryDifferent',
    expected: 'true or false',
    accept: (value) => typeof value === 'boolean',
  },
  UploadLimit: { key: 'uploadLimit', expected: 'a size such as "100GB"', accept: isText },
};

const keys: Readonly<Record<string, Key>> = {
  Listen: { key: 'listen', expected: 'an address such as "127.0.0.1"', accept: isText },
  Port: {
    key: 'port',
    expected: 'a number from 0 to 65535',
    accept: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
  },
  PublicURL: {
    key: 'publicUrl',
    expected: 'a URL such as "https://jobs.example.org"',
    accept: isPlainUrl,
  },
  Keep: { key: 'keep', expected: 'a duration such as "30d"', accept: isText },
  JobSpecs: { key: 'jobSpecs', expected: 'a directory', accept: isText },
};

/**
 * Reads `config.toml`: jobmgr's own, of which [AWS] applies if it names a bucket, with sections [Server], [Store] and
 * [[Webhook]] for what it has no name for. `remark` is told of all that is passed over.
 */
export function readConfig(text: string, file: string, remark: (line: string) => void): Config {
  const config: Record<string, unknown> = {};
  const sections = parseToml(text, file);
  for (const [section, value] of Object.entries(sections)) {
    if (section === 'Store' || section === 'AWS') continue;
    if (section === 'Server' && isTable(value))
      Object.assign(config, readSection('Server', keys, value, file, remark));
    else if (section === 'Workers' && isTable(value))
      config['workers'] = readSection('Workers', workerKeys, value, file, remark);
    else if (section === 'Webhook') config['webhooks'] = readWebhooks(value, file);
    else if (Object.hasOwn(elsewhere, section))
      remark(`${file}: [${section}] does not apply: ${elsewhere[section] ?? ''}`);
    else
      remark(
        `${file}: unknown ${quoted(section)} is passed over${hint(section, ['Server', 'Store', 'Webhook', 'Workers'])}`,
      );
  }
  const store = readStore(sections['Store'], sections['AWS'], file, remark);
  if (store !== undefined) config['store'] = store;
  return config;
}

function readSection(
  section: string,
  keys: Readonly<Record<string, Key>>,
  table: object,
  file: string,
  remark: (line: string) => void,
): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(table)) {
    const known = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (known === undefined)
      remark(
        `${file}: unknown ${quoted(name)} in [${section}] is passed over${hint(name, Object.keys(keys))}`,
      );
    else if (known.accept(value)) config[known.key] = value;
    else
      throw new FjrError('usage', `${file}: ${name} in [${section}] is ${shorten(JSON.stringify(value))}`, {
        hint: `expected ${known.expected}`,
      });
  }
  return config;
}

function parseToml(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new FjrError('usage', `${file}: line ${error.line}, column ${error.column}: it is not TOML`, {
      cause: error,
    });
  }
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** One to which paths can be added. */
function isPlainUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '' && !/[?#]/.test(value);
}

function quoted(name: string): string {
  return `"${shorten(name)}"`;
}

function hint(name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}
