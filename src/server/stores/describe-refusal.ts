import { FjrError } from '../../job/fjr-error.js';
import { shorten } from '../../job/shorten.js';
import { type StorePlace, StoreError } from './store.js';

/** What stores say when they do not know us. */
const credentials = new Set([
  'AuthorizationHeaderMalformed',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidSecurity',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
]);
const denied = new Set(['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'Forbidden']);

interface Failure extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What a client of S3 has thrown, in words for whoever runs the server. What has words already keeps them. */
export function describeRefusal(thrown: unknown, { bucket }: StorePlace): unknown {
  if (!(thrown instanceof Error) || thrown instanceof FjrError) return thrown;
  const { name, code, message, $metadata } = thrown as Failure;
  const status = $metadata?.httpStatusCode;
  const its = (what: string): StoreError => new StoreError('store', what, thrown);
  if (name === 'AbortError') return thrown;
  if (name === 'CredentialsProviderError')
    return its('there are no credentials for it: give AccessKeyID and SecretAccessKey');
  if (name === 'RequestTimeTooSkewed') return its(`this host's clock is wrong, it says (${name})`);
  if (credentials.has(name)) return its(`it does not accept the credentials (${name})`);
  if (name === 'NoSuchBucket') return its(`it has no bucket "${bucket}"`);
  // Of a request whose answer has no body, such as HEAD, only the status is known.
  if (denied.has(name) || status === 403)
    return its(`its bucket "${bucket}" is not ours to use (${named(name, status)})`);
  // A connection that is cut off goes by that name, too, with a code of its own.
  if (name === 'TimeoutError' && code === undefined) return its('it does not answer in time');
  if (status === undefined) return its(`it cannot be reached (${code ?? shorten(message)})`);
  const answered = `it answers ${status} (${named(name, status)}): ${shorten(message)}`;
  const isStores = status >= 500 || status === 429 || status === 408 || (status >= 300 && status < 400);
  return new StoreError(isStores ? 'store' : 'object', answered, thrown);
}

function named(name: string, status: number | undefined): string {
  return /^[A-Za-z.]+$/.test(name) ? name : `status ${status ?? 'unknown'}`;
}
