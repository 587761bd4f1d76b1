import type { JobSummary } from '../api.js';
import { unlessLost } from '../ask-server.js';
import { element, section, setText } from '../elements.js';
import { jobLink, whereOf } from '../job-cells.js';
import { JobWindow } from '../job-window.js';
import { linkToJobs } from '../location.js';
import { LogTails } from '../log-tails.js';
import { drawLater } from '../paced.js';
import { type Row, Rows, Still } from '../rows.js';
import type { Panel } from '../view.js';
import { moment } from '../words.js';

const shown = 5;

/** The newest failures, why, and what they printed last. */
export function failuresPanel(): Panel {
  const list = element('ol', { class: 'failures' });
  const empty = element('p', { class: 'none' }, 'Reading …');
  const { root, head } = section('failures', 'Newest failures', list, empty);
  const all = element('a', { href: linkToJobs({ state: 'failed' }) }, 'all');
  head.append(element('span', { class: 'aside' }, all));
  const tails = new LogTails(() => draw());
  const rows = new Rows<JobSummary>(
    list,
    (job) => job.id,
    () => failureRow((id) => tails.of(id)),
  );
  const window = new JobWindow(['failed'], undefined, shown * 2, () => draw());
  const still = new Still(list, () => draw());
  const draw = drawLater(() => {
    const failures = window.jobs.slice(0, shown);
    rows.show(failures, still.held);
    tails.want(failures.filter(({ kind }) => kind === 'job').map(({ id }) => id)).catch(unlessLost);
    list.hidden = rows.size === 0;
    empty.hidden = rows.size > 0;
    setText(empty, 'Nothing has failed.');
  });
  return {
    root,
    load: () => window.load(),
    hear: (event) => {
      window.hear(event);
    },
    close: () => window.close(),
  };
}

function failureRow(tailOf: (id: string) => string | undefined): Row<JobSummary> {
  const link = jobLink();
  const reason = element('span', { class: 'reason' });
  const when = element('span', { class: 'when' });
  const tail = element('pre', { class: 'tail' });
  const sign = element('span', { class: 'sign is-failed', 'aria-hidden': 'true' }, '✕');
  return {
    root: element('li', {}, element('div', { class: 'line' }, sign, link.root, reason, when), tail),
    show: (job) => {
      link.show(job);
      setText(reason, job.outcome ?? 'failed');
      const where = whereOf(job);
      setText(when, [where, moment(job.ended ?? job.changed)].filter((part) => part !== '').join(' · '));
      const text = tailOf(job.id) ?? '';
      setText(tail, text);
      tail.hidden = text === '';
    },
  };
}
