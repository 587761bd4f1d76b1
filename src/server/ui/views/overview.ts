import { element } from '../elements.js';
import { failuresPanel } from '../panels/failures.js';
import { runningPanel, waitingPanel } from '../panels/moving-jobs.js';
import { runsPanel } from '../panels/runs.js';
import { throughputPanel } from '../panels/throughput.js';
import { totalsPanel } from '../panels/totals.js';
import { workersPanel } from '../panels/workers.js';
import type { View } from '../view.js';

/** How the project stands. */
export function overview(): View {
  const totals = totalsPanel();
  const throughput = throughputPanel();
  const left = [runsPanel(), runningPanel(), waitingPanel()];
  const right = [workersPanel(), failuresPanel()];
  const panels = [totals, throughput, ...left, ...right];
  const roots = (column: typeof panels): HTMLElement[] => column.map(({ root }) => root);
  return {
    title: 'Overview',
    root: element(
      'div',
      { class: 'overview' },
      element('h1', { class: 'unseen', tabindex: '-1' }, 'Overview'),
      totals.root,
      throughput.root,
      element(
        'div',
        { class: 'columns' },
        element('div', {}, ...roots(left)),
        element('div', {}, ...roots(right)),
      ),
    ),
    load: async () => {
      await Promise.all(panels.map((panel) => panel.load()));
    },
    hear: (event) => {
      for (const panel of panels) panel.hear(event);
    },
    close: () => {
      for (const panel of panels) panel.close();
    },
  };
}
