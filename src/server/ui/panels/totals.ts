import { askJson } from '../ask-server.js';
import type { Counts, JobState } from '../api.js';
import { element, setText } from '../elements.js';
import { linkToJobs } from '../location.js';
import { drawLater } from '../paced.js';
import type { Panel } from '../view.js';
import { count, signs } from '../words.js';

const states: readonly JobState[] = ['waiting', 'assigned', 'running', 'done', 'failed'];

/** How many jobs are in each state. */
export function totalsPanel(): Panel {
  const values = new Map(states.map((state) => [state, element('a', { href: linkToJobs({ state }) }, '–')]));
  const items = states.map((state) => {
    const sign = element('span', { class: 'sign', 'aria-hidden': 'true' }, signs[state]);
    return element(
      'div',
      { class: `total is-${state}` },
      element('dt', {}, sign, state),
      element('dd', {}, values.get(state)),
    );
  });
  let counts: Counts | undefined;
  const draw = drawLater(() => {
    if (counts === undefined) return;
    for (const [state, node] of values) setText(node, count(counts[state]));
  });
  const show = (seen: Counts): void => {
    counts = seen;
    draw();
  };
  return {
    root: element('section', { 'aria-label': 'Totals' }, element('dl', { class: 'totals' }, ...items)),
    load: async () => show(await askJson<Counts>('v1/counts')),
    hear: (event) => {
      if (event.type === 'counts') show(event.counts);
    },
    close: () => undefined,
  };
}
