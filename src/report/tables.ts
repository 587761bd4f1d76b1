import { compareNatural } from '../job/natural-order.js';
import { describeOutcome } from '../job/outcome.js';
import { type Attributes, type Content, type Markup, beginningOf, element } from './markup.js';
import type { RunTime } from './plot-ended.js';
import { byCrew, nameOf, together } from './plot-workers.js';
import { counted, readableCount, readableDuration, readableShare, readableTime } from './readable.js';
import type { Execution, RunSummary, WayToFail } from './run-digest.js';

/** Characters of somebody else's text in a cell. */
const textLength = 300;
/** Rows of the table of workers. */
const mostWorkers = 200;

/** A task that failed, with its input, if that could be read and may be shown. */
export interface FailedTask extends Execution {
  readonly input: string | undefined;
}

interface Column {
  readonly head: string;
  readonly class?: string;
}

function table(columns: readonly Column[], rows: readonly (readonly Content[])[]): Markup {
  const cell = (name: string, column: Column | undefined, content: Content, more: Attributes = {}): Markup =>
    element(name, { class: column?.class, ...more }, content);
  return element(
    'div',
    { class: 'wide' },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          columns.map((column) => cell('th', column, column.head, { scope: 'col' })),
        ),
      ),
      element(
        'tbody',
        {},
        rows.map((row) =>
          element(
            'tr',
            {},
            row.map((content, index) => cell('td', columns[index], content)),
          ),
        ),
      ),
    ),
  );
}

const number = 'number';

/** In which ways executions failed, the commonest first. */
export function waysTable(ways: readonly WayToFail[]): Markup {
  const sorted = ways.toSorted((a, b) => b.final + b.again - a.final - a.again);
  const most = Math.max(1, ...sorted.map(({ final, again }) => final + again));
  return table(
    [
      { head: 'how' },
      { head: 'tasks failed', class: number },
      { head: 'tried again', class: number },
      { head: '', class: 'bar' },
    ],
    sorted.map(({ words, final, again }) => [
      beginningOf(words, textLength),
      readableCount(final),
      readableCount(again),
      bar([
        ['failed', final / most],
        ['again', again / most],
      ]),
    ]),
  );
}

/** Shares of a line, one after another. The numbers stand beside it. */
function bar(parts: readonly (readonly [className: string, share: number])[]): Markup {
  let x = 0;
  return element(
    'svg',
    { viewBox: '0 0 100 12', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    parts.map(([className, share]) => {
      const rect = element('rect', { class: className, x, width: 100 * share, height: 12 });
      x += 100 * share;
      return rect;
    }),
  );
}

export function failedTasksTable(failures: readonly FailedTask[]): Markup {
  return table(
    [
      { head: 'task', class: number },
      { head: 'input' },
      { head: 'outcome' },
      { head: 'after', class: number },
      { head: 'ended', class: 'name' },
      { head: 'worker', class: 'name' },
    ],
    failures.map((failure) => [
      String(failure.task),
      failure.input === undefined ? '?' : element('code', {}, beginningOf(failure.input, textLength)),
      beginningOf(describeOutcome(failure.outcome), textLength),
      readableDuration(failure.ms),
      failure.at === undefined ? '?' : readableTime(failure.at),
      nameOf(failure),
    ]),
  );
}

/** What each worker did; of very many, what each crew did. */
export function workersTable({ workers }: RunSummary, time: RunTime | undefined): Markup {
  const sorted = workers.toSorted((a, b) => compareNatural(nameOf(a), nameOf(b)));
  const rows =
    sorted.length <= mostWorkers
      ? sorted.map((worker) => together(nameOf(worker), [worker]))
      : [...byCrew(sorted)].map(([crew, its]) => together(`${crew}: ${counted(its.length, 'worker')}`, its));
  const left = rows.length - mostWorkers;
  return table(
    [
      { head: 'worker', class: 'name' },
      { head: 'executions', class: number },
      { head: 'failed', class: number },
      { head: 'busy', class: number },
      { head: 'share of the time', class: number },
      { head: '', class: 'bar' },
    ],
    [
      ...rows.slice(0, mostWorkers).map((row) => {
        const share =
          time === undefined ? 0 : Math.min(1, row.busy / row.workers / (time.ended - time.began));
        return [
          row.name,
          readableCount(row.executions),
          readableCount(row.failed),
          readableDuration(row.busy),
          time === undefined ? '?' : readableShare(share),
          bar([
            ['done', share],
            ['idle', 1 - share],
          ]),
        ];
      }),
      ...(left > 0 ? [[`… and ${left} more`]] : []),
    ],
  );
}
