import { FjrError } from '../../job/fjr-error.js';

/** A store as config.toml has it. */
export interface StoreSettings {
  /** Undefined: Amazon's own, of that region. */
  readonly endpoint: string | undefined;
  /** What links begin with, if clients reach it by another address than this server. */
  readonly publicEndpoint: string | undefined;
  readonly bucket: string;
  /** What all keys begin with; '' or a path without slashes at its ends. */
  readonly prefix: string;
  readonly region: string;
  /** Whether the bucket stands in the path of URLs, and not in the name of the host. */
  readonly pathStyle: boolean;
  readonly keys: KeySettings;
}

export interface KeySettings {
  readonly id: string | undefined;
  readonly secret: string | undefined;
  /** Variables of the server's environment that hold them. */
  readonly idEnv: string | undefined;
  readonly secretEnv: string | undefined;
}

/** What a store knows us by. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Those that the file holds, or names, or else those of the variables that all tools know. Undefined: there are none, and
 * the client looks where it usually does (profiles, roles of machines). Throws FjrError: half of them is missing.
 */
export function readCredentials(
  { keys, bucket }: StoreSettings,
  variable: (name: string) => string | undefined,
): Credentials | undefined {
  const named = (name: string | undefined): string | undefined => {
    if (name === undefined) return undefined;
    const value = variable(name);
    if (value === undefined || value === '') throw unusable(bucket, `the variable ${name} is not set`);
    return value;
  };
  const id = keys.id ?? named(keys.idEnv);
  const secret = keys.secret ?? named(keys.secretEnv);
  if (id !== undefined && secret !== undefined) return { accessKeyId: id, secretAccessKey: secret };
  if (id !== undefined) throw unusable(bucket, 'it has an AccessKeyID and no SecretAccessKey');
  if (secret !== undefined) throw unusable(bucket, 'it has a SecretAccessKey and no AccessKeyID');
  return fromEnvironment(variable);
}

function fromEnvironment(variable: (name: string) => string | undefined): Credentials | undefined {
  const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
  ].map(variable);
  if (accessKeyId === '' || secretAccessKey === '') return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) };
}

function unusable(bucket: string, what: string): FjrError {
  return new FjrError('usage', `the store with the bucket "${bucket}" cannot be used: ${what}`, {
    hint: 'give both keys in config.toml, or name the variables that hold them (AccessKeyIDEnv, SecretAccessKeyEnv)',
  });
}
