import { askJson } from '../ask-server.js';
import type { Minute } from '../api.js';
import { element, section, setText } from '../elements.js';
import { Refresher, drawLater } from '../paced.js';
import type { Panel } from '../view.js';
import { clockTime, count, counted } from '../words.js';

/** Milliseconds between two looks, when something has changed. */
const pause = 5000;

/** How many jobs and tasks have ended in each minute of the last hour: as a plot, in words and as a table. */
export function throughputPanel(): Panel {
  const canvas = element('div', { class: 'plot', role: 'img' });
  const reading = element('p', { class: 'reading' });
  const body = element('tbody', {});
  const table = element(
    'details',
    {},
    element('summary', {}, 'As a table'),
    element(
      'div',
      { class: 'scrolls', tabindex: '0', role: 'group', 'aria-label': 'Ended in each minute' },
      element(
        'table',
        {},
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', { scope: 'col' }, 'Minute'),
            element('th', { scope: 'col', class: 'number' }, 'Done'),
            element('th', { scope: 'col', class: 'number' }, 'Failed'),
          ),
        ),
        body,
      ),
    ),
  );
  const legend = element(
    'ul',
    { class: 'legend aside' },
    element('li', { class: 'is-done' }, 'done, above the line'),
    element('li', { class: 'is-failed' }, 'failed, below it'),
  );
  const { root, head } = section('throughput', 'Ended per minute, last hour', canvas, reading, table);
  head.append(legend);
  let minutes: readonly Minute[] = [];
  let plot: { show(minutes: readonly Minute[]): void; close(): void } | undefined;
  let isClosed = false;
  const draw = drawLater(() => {
    plot?.show(minutes);
    const words = describe(minutes);
    setText(reading, words);
    canvas.setAttribute('aria-label', words);
    if (table.open) showTable(body, minutes);
  });
  table.addEventListener('toggle', () => draw());
  const refresher = new Refresher(async () => {
    minutes = (await askJson<{ minutes: readonly Minute[] }>('v1/throughput')).minutes;
    draw();
  }, pause);
  // The plot's code is as large as all else of the page, which need not wait for it.
  void import('../plot.js').then(({ ThroughputPlot }) => {
    if (isClosed) return;
    plot = new ThroughputPlot(canvas, (at) =>
      setText(reading, at === undefined ? describe(minutes) : describeMinute(at)),
    );
    draw();
  });
  return {
    root,
    load: () => refresher.now(),
    hear: (event) => {
      if (event.type === 'counts' || event.type === 'run') refresher.soon();
    },
    close: () => {
      isClosed = true;
      refresher.close();
      plot?.close();
    },
  };
}

function describe(minutes: readonly Minute[]): string {
  const done = minutes.reduce((sum, minute) => sum + minute.done, 0);
  const failed = minutes.reduce((sum, minute) => sum + minute.failed, 0);
  if (done + failed === 0) return 'Nothing has ended in the last hour.';
  const most = minutes.reduce((best, minute) => (ended(minute) > ended(best) ? minute : best));
  const busiest = `${count(ended(most))} in the busiest minute, ${timeOf(most)}`;
  return `${count(done)} done and ${count(failed)} failed; ${busiest}.`;
}

function describeMinute(minute: Minute): string {
  return `${timeOf(minute)}: ${count(minute.done)} done and ${count(minute.failed)} failed.`;
}

function ended({ done, failed }: Minute): number {
  return done + failed;
}

function timeOf({ minute }: Minute): string {
  return clockTime(new Date(minute), false);
}

function showTable(body: HTMLElement, minutes: readonly Minute[]): void {
  const some = minutes.filter((minute) => ended(minute) > 0).toReversed();
  body.replaceChildren(
    ...some.map((minute) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, timeOf(minute)),
        element('td', { class: 'number' }, count(minute.done)),
        element('td', { class: 'number' }, count(minute.failed)),
      ),
    ),
  );
  if (some.length === 0) body.append(element('tr', {}, element('td', { colspan: '3' }, counted(0, 'job'))));
}
