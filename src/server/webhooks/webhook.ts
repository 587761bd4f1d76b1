import { createHmac } from 'node:crypto';
import { FjrError } from '../../job/fjr-error.js';
import { shorten } from '../../job/shorten.js';

export const webhookEvents = ['job.done', 'job.failed'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** Somebody who wants to be told when jobs end. */
export interface Webhook {
  readonly url: string;
  /** What messages are signed with. */
  readonly key: Uint8Array;
  readonly events: readonly WebhookEvent[];
  /** Names of jobs, in which `*` stands for anything; empty: all. */
  readonly jobs: readonly string[];
}

/** As config.toml has it. */
export interface WebhookSettings extends Omit<Webhook, 'key'> {
  readonly secret: string | undefined;
  /** The variable of the server's environment that holds it. */
  readonly secretEnv: string | undefined;
}

/** Bytes: what the specification of Standard Webhooks asks for. */
const shortestKey = 24;

/** Throws FjrError: the secret is missing, too short, or no base64. */
export function openWebhook(
  { secret, secretEnv, ...rest }: WebhookSettings,
  variable: (name: string) => string | undefined,
): Webhook {
  const text = secret ?? (secretEnv === undefined ? undefined : variable(secretEnv));
  const place = secretEnv === undefined ? 'its Secret' : `the variable ${secretEnv}`;
  if (text === undefined || text === '')
    throw unusable(rest.url, secretEnv === undefined ? 'it has no Secret' : `${place} is not set`);
  const key = readKey(text);
  if (key === undefined)
    throw unusable(rest.url, `${place} begins with "whsec_" and is not base64 from there on`);
  if (key.length < shortestKey)
    throw unusable(rest.url, `${place} has ${key.length} bytes (expected at least ${shortestKey})`);
  return { ...rest, key };
}

function unusable(url: string, what: string): FjrError {
  return new FjrError('usage', `the webhook ${shownUrl(url)} cannot be used: ${what}`, {
    hint: 'make one: echo "whsec_$(head -c 32 /dev/urandom | base64)"',
  });
}

/** `whsec_` and base64, as most tools write it; or just a text. */
function readKey(text: string): Uint8Array | undefined {
  if (!text.startsWith('whsec_')) return Buffer.from(text);
  const encoded = text.slice('whsec_'.length);
  return /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? Buffer.from(encoded, 'base64') : undefined;
}

/** Without what may be secret in it. */
export function shownUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined ? shorten(url) : parsed.origin;
}

/** As the specification of Standard Webhooks has it: id, time in seconds, and a signature over both and the body. */
export function signedHeaders(
  key: Uint8Array,
  id: string,
  seconds: number,
  body: string,
): Record<string, string> {
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  };
}

/** Whether it wants to hear of a job of this name. */
export function isAbout({ jobs }: Pick<Webhook, 'jobs'>, name: string): boolean {
  return jobs.length === 0 || jobs.some((pattern) => patternOf(pattern).test(name));
}

function patternOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
