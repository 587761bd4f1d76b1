import type { JobSummary } from './api.js';
import { serverNow } from './ask-server.js';
import { element, setAttribute, setText } from './elements.js';
import { linkToJob } from './location.js';
import { duration, elapsed, moment, readable, signs } from './words.js';

/** The parts that rows about jobs are made of. */

/** A link to a job by its name, or to one outcome of it. */
export function jobLink(): { readonly root: HTMLAnchorElement; show(job: JobSummary): void } {
  const root = element('a', { class: 'name' });
  return {
    root,
    show: (job) => {
      setText(root, readable(job.name));
      setAttribute(root, 'href', linkToJob(linkId(job)));
    },
  };
}

/** What is still on its way changes its id at each step, and is found by its name; of outcomes there may be several. */
export function linkId({ state, id, name }: JobSummary): string {
  return state === 'done' || state === 'failed' ? id : name;
}

export function stateCell(): { readonly root: HTMLElement; show(job: JobSummary): void } {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' });
  const word = element('span', {});
  const root = element('span', { class: 'state' }, sign, word);
  return {
    root,
    show: ({ state }) => {
      setText(sign, signs[state]);
      setText(word, state);
      root.className = `state is-${state}`;
    },
  };
}

/** Time that goes on: `tickAll` renews it. */
export function ticking(node: HTMLElement, since: string | null): void {
  if (since === null) {
    delete node.dataset['since'];
    setText(node, '');
    return;
  }
  if (node.dataset['since'] === since) return;
  node.dataset['since'] = since;
  tick(node, since);
}

function tick(node: HTMLElement, since: string): void {
  setText(node, elapsed(serverNow() - Date.parse(since)));
}

export function tickAll(): void {
  for (const node of document.querySelectorAll<HTMLElement>('[data-since]'))
    tick(node, node.dataset['since'] ?? '');
}

export function whereOf({ host, worker, crew }: Pick<JobSummary, 'host' | 'worker' | 'crew'>): string {
  const place = host ?? crew;
  if (place === null) return '';
  return worker === null ? readable(place) : `${readable(place)} · ${worker}`;
}

/** How long it ran, if that is known. */
export function ranFor(started: string | null, ended: string | null): string {
  if (started === null || ended === null) return '';
  return duration(Date.parse(ended) - Date.parse(started));
}

export function timeElement(iso: string): HTMLTimeElement {
  return element('time', { datetime: iso, title: iso }, moment(iso));
}
