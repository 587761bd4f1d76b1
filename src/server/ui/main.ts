import { announce } from './announce.js';
import type { Counts, JobChange, ServerEvent, TaskCounts } from './api.js';
import { Refusal, Unreachable } from './ask-server.js';
import { element, setText } from './elements.js';
import { EventStream, type StreamState, describeStream } from './event-stream.js';
import { tickAll } from './job-cells.js';
import { placeOf } from './location.js';
import { currentToken, forgetToken } from './token.js';
import type { View } from './view.js';
import { jobView } from './views/job.js';
import { jobsView } from './views/jobs.js';
import { overview } from './views/overview.js';
import { signInView } from './views/sign-in.js';
import { clockTime } from './words.js';

/** The page: one view at a time, which goes by the address, and one stream of events for all of them. */

const main = find('#main');
const navigation = find('nav');
const connection = find('#connection');
const tryNow = find('#try-now');
const signOut = find('#sign-out');
let view: View | undefined;
/** Whether a view was opened since the page was loaded: whoever goes to another is led to its heading. */
let hasNavigated = false;

const stream = new EventStream({
  connected: (resumed) => {
    // What was read before the stream began may have changed in between.
    if (!resumed) void load(view);
  },
  event: (type, data) => {
    const event = understand(type, data);
    if (event !== undefined) view?.hear(event);
  },
  state: showStream,
  refused: (refusal) => askForToken(refusal),
});

function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Types that a later server may have, and this page does not know, are nothing to it. */
function understand(type: string, data: unknown): ServerEvent | undefined {
  if (type === 'job.removed') return { type: 'removed', ...(data as { id: string; name: string }) };
  if (type.startsWith('job.')) return { type: 'job', job: data as JobChange };
  if (type.startsWith('crew.')) return { type: 'crews' };
  if (type === 'counts') return { type, counts: data as Counts };
  if (type === 'run.progress') {
    const news = data as TaskCounts & { name: string };
    return { type: 'run', name: news.name, tasks: news };
  }
  return undefined;
}

async function load(shown: View | undefined): Promise<void> {
  try {
    await shown?.load();
  } catch (error) {
    if (shown === view) explain(error);
  }
}

function explain(error: unknown): void {
  if (error instanceof Refusal && (error.status === 401 || error.status === 403)) askForToken(error);
  else if (error instanceof Refusal && error.status === 404 && view !== undefined)
    view.root.replaceChildren(
      element('h1', { tabindex: '-1', class: 'name' }, view.title),
      element(
        'p',
        {},
        'There is no such job here. It may have been removed, or started anew under another name on disk.',
      ),
      element('p', {}, element('a', { href: '#/jobs' }, 'All jobs')),
    );
  else if (error instanceof Refusal) announce(error.message);
  else if (!(error instanceof Unreachable)) throw error;
}

function askForToken({ status }: Refusal): void {
  stream.stop();
  const hadOne = currentToken() !== undefined;
  if (view === undefined && main.querySelector('form.sign-in') !== null) return;
  forgetToken();
  leave();
  navigation.hidden = true;
  signOut.hidden = true;
  tryNow.hidden = true;
  setText(connection, '');
  document.title = 'Sign in · fjr';
  const reason =
    status === 403
      ? 'This token may not read: it needs the scope "read".'
      : 'The token is not valid any more.';
  main.replaceChildren(signInView(hadOne ? reason : undefined, open));
  main.querySelector('input')?.focus();
}

function leave(): void {
  view?.close();
  view = undefined;
}

function open(): void {
  navigation.hidden = false;
  signOut.hidden = currentToken() === undefined;
  show();
  stream.start();
}

function show(): void {
  leave();
  announce('');
  const place = placeOf(location.hash);
  if (place.view === 'unknown') {
    location.replace('#/');
    return;
  }
  view = place.view === 'overview' ? overview() : place.view === 'jobs' ? jobsView(place) : jobView(place.id);
  document.title = `${view.title} · fjr`;
  main.replaceChildren(view.root);
  for (const link of navigation.querySelectorAll('a')) {
    const isHere = link.hash === (place.view === 'overview' ? '#/' : '#/jobs');
    if (isHere) link.setAttribute('aria-current', place.view === 'job' ? 'true' : 'page');
    else link.removeAttribute('aria-current');
  }
  if (hasNavigated) {
    scrollTo(0, 0);
    main.querySelector('h1')?.focus({ preventScroll: true });
  }
  hasNavigated = true;
  void load(view);
}

function showStream(state: StreamState): void {
  const isCut = state.kind === 'cut';
  const wasCut = connection.classList.contains('is-cut');
  connection.className = `is-${state.kind}`;
  setText(connection, describeStream(state));
  connection.title = isCut ? `${state.reason} The next try is at ${clockTime(state.next)}.` : '';
  tryNow.hidden = !isCut;
  document.body.classList.toggle('stale', isCut);
  // Said once, and not at each try.
  if (isCut && !wasCut)
    announce(`${describeStream(state)}: ${state.reason} What is shown is as it was then.`);
  if (state.kind === 'live' && wasCut) announce('Connected again.', 10);
}

tryNow.addEventListener('click', () => stream.tryNow());
signOut.addEventListener('click', () => {
  stream.stop();
  forgetToken();
  // Nothing of what was shown stays in memory.
  location.reload();
});
find('.skip').addEventListener('click', (event) => {
  // The address says which view it is, and may not become the name of a place in it.
  event.preventDefault();
  main.focus();
});
globalThis.addEventListener('hashchange', () => {
  if (view !== undefined) show();
});
setInterval(() => {
  if (document.visibilityState === 'visible') tickAll();
}, 1000);
open();
