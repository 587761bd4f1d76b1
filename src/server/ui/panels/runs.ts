import type { Job, JobSummary, TaskCounts } from '../api.js';
import { askJson, jobRoute, unlessLost } from '../ask-server.js';
import { element, section, setText } from '../elements.js';
import { jobLink, ticking } from '../job-cells.js';
import { JobWindow } from '../job-window.js';
import { linkToJobs } from '../location.js';
import { drawLater } from '../paced.js';
import { Progress } from '../progress.js';
import { type Row, Rows, Still } from '../rows.js';
import type { Panel } from '../view.js';

const shown = 6;

/** Fan-out jobs under way, and how far they are. */
export function runsPanel(): Panel {
  const list = element('ul', { class: 'runs' });
  const { root, head } = section('runs', 'Runs', list);
  head.append(
    element('span', { class: 'aside' }, element('a', { href: linkToJobs({ kind: 'run' }) }, 'all')),
  );
  const tasks = new Map<string, TaskCounts>();
  const asked = new Set<string>();
  /** Events tell how far a run is when it goes on; how far it is before that must be asked for. */
  const askFor = async (name: string): Promise<void> => {
    asked.add(name);
    const run = await askJson<Job>(jobRoute(name));
    if (run.tasks !== null && !tasks.has(name)) tasks.set(name, run.tasks);
    draw();
  };
  const rows = new Rows<JobSummary>(
    list,
    (run) => run.id,
    () => runRow((run) => tasks.get(run.name)),
  );
  const window = new JobWindow(['waiting', 'assigned', 'running'], 'run', shown * 2, () => draw());
  const still = new Still(list, () => draw());
  const draw = drawLater(() => {
    rows.show(window.jobs.slice(0, shown), still.held);
    root.hidden = rows.size === 0;
    const names = new Set(window.jobs.map(({ name }) => name));
    for (const name of tasks.keys()) if (!names.has(name)) tasks.delete(name);
    for (const name of names) if (!asked.has(name)) void askFor(name).catch(unlessLost);
  });
  root.hidden = true;
  return {
    root,
    load: () => window.load(),
    hear: (event) => {
      window.hear(event);
      if (event.type !== 'run') return;
      tasks.set(event.name, event.tasks);
      draw();
    },
    close: () => window.close(),
  };
}

function runRow(tasksOf: (run: JobSummary) => TaskCounts | undefined): Row<JobSummary> {
  const link = jobLink();
  const since = element('span', { class: 'number' });
  const progress = new Progress();
  return {
    root: element('li', {}, element('div', { class: 'line' }, link.root, since), progress.root),
    show: (run) => {
      link.show(run);
      const tasks = tasksOf(run);
      // Its directory stays in the queue until all is done, whatever its tasks do.
      if (run.started === null && (tasks === undefined || tasks.done + tasks.failed === 0)) {
        ticking(since, null);
        setText(since, 'waiting');
      } else ticking(since, run.started ?? run.changed);
      if (tasks !== undefined) progress.show(tasks);
    },
  };
}
