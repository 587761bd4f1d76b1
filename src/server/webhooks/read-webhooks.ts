import { FjrError } from '../../job/fjr-error.js';
import { didYouMean } from '../../job/did-you-mean.js';
import { shorten } from '../../job/shorten.js';
import { type WebhookEvent, type WebhookSettings, webhookEvents } from './webhook.js';

const expected = {
  URL: 'an address such as "https://example.org/hook"',
  Secret: 'a text',
  SecretEnv: 'the name of an environment variable',
  Events: `a list of ${webhookEvents.map((event) => `"${event}"`).join(' and ')}`,
  Jobs: 'a list of names such as "resize-*"',
} as const;
type Key = keyof typeof expected;

/** The sections `[[Webhook]]`. What is wrong with one is a mistake: nobody would notice what is not told. */
export function readWebhooks(value: unknown, file: string): WebhookSettings[] {
  if (!Array.isArray(value))
    throw new FjrError('usage', `${file}: [Webhook] is not a list`, {
      hint: 'write [[Webhook]], one for each',
    });
  return value.map((table: Record<string, unknown>, index) =>
    readWebhook(table, `${file}: [[Webhook]] ${index + 1}`),
  );
}

function readWebhook(table: Record<string, unknown>, place: string): WebhookSettings {
  const keys = Object.keys(expected) as Key[];
  for (const name of Object.keys(table)) {
    if (keys.some((key) => key === name)) continue;
    const near = didYouMean(name, keys);
    throw new FjrError('usage', `${place}: there is no key "${shorten(name)}"`, {
      hint: near === undefined ? `expected ${keys.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const read = <T>(key: Key, accept: (value: unknown) => value is T): T | undefined => {
    const value = table[key];
    if (value === undefined || accept(value)) return value;
    // Not the secret itself.
    const shown = key === 'Secret' ? '' : ` is ${shorten(JSON.stringify(value))}`;
    throw new FjrError('usage', `${place}: ${key}${shown}`, { hint: `expected ${expected[key]}` });
  };
  const url = read('URL', isUrl);
  if (url === undefined)
    throw new FjrError('usage', `${place} has no URL`, { hint: `expected ${expected.URL}` });
  const [secret, secretEnv] = [read('Secret', isText), read('SecretEnv', isText)];
  if ((secret === undefined) === (secretEnv === undefined))
    throw new FjrError('usage', `${place} has ${secret === undefined ? 'no' : 'two'} secrets`, {
      hint: 'give Secret or SecretEnv',
    });
  const [events, jobs] = [read('Events', isEvents), read('Jobs', isTexts)];
  return { url, secret, secretEnv, events: events ?? webhookEvents, jobs: jobs ?? [] };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isEvents(value: unknown): value is WebhookEvent[] {
  return isTexts(value) && value.every((event) => webhookEvents.some((known) => known === event));
}

function isUrl(value: unknown): value is string {
  return isText(value) && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
