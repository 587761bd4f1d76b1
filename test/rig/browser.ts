import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { onPath } from './on-path.js';
import type { TestServer } from './server.js';
import { waitUntil } from './wait-until.js';

/** Whether there is what the page shows: the routes under /v1. */
const hasRoutes = existsSync(new URL('../../src/server/v1', import.meta.url));

/** The machine's Chromium; undefined: it has none. */
export const chromiumPath = ['chromium', 'chromium-browser', 'google-chrome']
  .map(find)
  .find((path) => path !== '');

/** Why the page cannot be looked at; '': it can. */
export const obstacle = chromiumPath === undefined ? ' (no Chromium)' : hasRoutes ? '' : ' (no /v1)';

function find(program: string): string {
  try {
    return onPath(program);
  } catch {
    return '';
  }
}

export async function launchBrowser(): Promise<Browser> {
  // Root may not use its sandbox; it asks nobody outside of this machine for anything.
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', ...quiet],
  });
}

/** The page of a server, as somebody sees it. */
export class SeenPage {
  readonly page: Page;
  /** What went wrong in it: errors, and what its policy forbids. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      const text = message.text();
      // That a request was refused, or not answered, is for the page to say.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
        this.complaints.push(text);
    });
  }

  static async open(
    browser: Browser,
    server: Pick<TestServer, 'url'>,
    hash = '',
    options: BrowserContextOptions = {},
  ): Promise<SeenPage> {
    const context = await browser.newContext({ locale: 'en', timezoneId: 'UTC', ...options });
    const seen = new SeenPage(await context.newPage());
    await seen.page.goto(`${server.url}/ui/${hash}`);
    return seen;
  }

  /** The visible text of the first place that a selector leads to; '': there is none. */
  async text(selector = 'body'): Promise<string> {
    const place = this.page.locator(selector).first();
    return (await place.count()) === 0 ? '' : place.innerText();
  }

  /** Once it shows a text. */
  async shows(text: string | RegExp, selector = 'body'): Promise<string> {
    const holds = (seen: string): boolean =>
      typeof text === 'string' ? seen.includes(text) : text.test(seen);
    return waitUntil(`the page shows ${String(text)}`, () => this.text(selector), holds);
  }

  /** Once there is a heading of this name with its section, which is what screen readers find. */
  region(name: string): ReturnType<Page['getByRole']> {
    return this.page.getByRole('region', { name, exact: true });
  }

  /** How many jobs it says are in a state. */
  async total(state: string): Promise<string> {
    return (await this.page.locator(`.total.is-${state} dd`).innerText()).trim();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
