import { type Content, type Markup, beginningOf, element } from './markup.js';
import type { RunHead } from './run-head.js';
import { timeOf } from './plot-ended.js';
import {
  counted,
  readableCount,
  readableDuration,
  readableRate,
  readableShare,
  readableTime,
} from './readable.js';
import type { RunSummary } from './run-digest.js';

/** Characters of a command that are shown. */
const commandLength = 4000;

/** What a run is, and how far it is. */
export function headSection(head: RunHead, summary: RunSummary): Markup {
  return element(
    'header',
    {},
    element('h1', {}, head.name, element('span', { class: `state is-${head.state}` }, head.state)),
    element('pre', {}, element('code', {}, linesOf(beginningOf(head.command, commandLength)))),
    meter(summary),
    element(
      'dl',
      {},
      factsOf(head, summary).map(({ name, value, note }) =>
        element(
          'div',
          {},
          element('dt', {}, name),
          element('dd', {}, value, note === undefined ? undefined : element('small', {}, note)),
        ),
      ),
    ),
  );
}

/** A script keeps its lines. */
function linesOf(text: string): Content {
  return text.split('\n').map((line, index) => [index === 0 ? undefined : { markup: '\n' }, line]);
}

/** How many of all tasks are done and have failed, as a line. */
function meter({ tasks, done, failed }: RunSummary): Markup {
  // One that failed among a million is to be seen.
  const bad = failed === 0 ? 0 : Math.max(4, (1000 * failed) / tasks);
  const good = Math.min(1000 - bad, (1000 * done) / tasks);
  return element(
    'svg',
    {
      class: 'meter',
      viewBox: '0 0 1000 10',
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': `${readableCount(done)} of ${readableCount(tasks)} tasks done, ${readableCount(failed)} failed`,
    },
    element('rect', { class: 'idle', width: 1000, height: 10 }),
    element('rect', { class: 'done', width: good, height: 10 }),
    element('rect', { class: 'failed', x: good, width: bad, height: 10 }),
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly note?: string | undefined;
}

function factsOf(head: RunHead, summary: RunSummary): Fact[] {
  const { tasks, done, failed, workers } = summary;
  const left = tasks - done - failed;
  const time = timeOf(summary);
  const executions = workers.reduce((sum, worker) => sum + worker.executions, 0);
  const facts: Fact[] = [
    { name: 'tasks', value: readableCount(tasks), note: counted(executions, 'execution') },
    { name: 'done', value: readableCount(done), note: readableShare(done / tasks) },
    { name: 'failed', value: readableCount(failed), note: readableShare(failed / tasks) },
    ...(left > 0 ? [{ name: 'left', value: readableCount(left), note: readableShare(left / tasks) }] : []),
  ];
  if (time !== undefined) {
    const length = time.ended - time.began;
    const rate = (done + failed - summary.untimed) / length;
    facts.push(
      { name: 'duration', value: readableDuration(length), note: 'first begin to last end' },
      { name: 'rate', value: readableRate(rate), note: 'tasks ended' },
    );
  }
  facts.push({ name: 'workers', value: readableCount(workers.length), note: `in ${crewsOf(summary)}` });
  if (head.submitted !== undefined) facts.push({ name: 'submitted', ...momentOf(head.submitted) });
  if (time !== undefined)
    facts.push(
      { name: 'began', ...momentOf(time.began) },
      { name: head.state === 'waiting' ? 'newest end' : 'ended', ...momentOf(time.ended) },
    );
  facts.push({ name: 'project', value: head.project, note: `run ${head.id}` });
  return facts;
}

function momentOf(moment: number): Pick<Fact, 'value' | 'note'> {
  const [date = '', ...rest] = readableTime(moment).split(' ');
  return { value: rest.join(' '), note: date };
}

function crewsOf({ workers }: RunSummary): string {
  const crews = new Set(workers.map(({ crew }) => crew)).size;
  return counted(crews, 'crew');
}
