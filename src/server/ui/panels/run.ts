import type { Job, Task, TaskCounts } from '../api.js';
import { askJson, serverNow, taskRoute } from '../ask-server.js';
import { element, section, setText } from '../elements.js';
import { type Lane, Lanes } from '../lanes.js';
import { Refresher, drawLater } from '../paced.js';
import { Progress } from '../progress.js';
import { Rows } from '../rows.js';
import { Timeline } from '../timeline.js';
import { count, counted, duration, readable } from '../words.js';
import { FailedTasks } from './failed-tasks.js';

/** Tasks that are read at a time. */
const perPage = 1000;
/** A run's tasks are read again when it has gone on, but not more often than this, in milliseconds. */
const pause = 10_000;

interface TaskPage {
  readonly tasks: readonly Task[];
  readonly next: string | null;
}

/** A run's tasks: how many are in which state, and which worker was busy when. */
export class RunPanel {
  readonly root: HTMLElement;
  readonly #id: string;
  readonly #progress = new Progress();
  readonly #timeline = new Timeline();
  readonly #words = element('p', { class: 'words' });
  readonly #body = element('tbody', {});
  readonly #rows = new Rows<Lane>(this.#body, ({ crew, worker }) => `${crew} ${worker}`, laneRow);
  readonly #refresher = new Refresher(() => this.#read(), pause);
  readonly #draw = drawLater(() => this.#show());
  readonly #failedTasks: FailedTasks;
  #lanes = new Lanes();
  /** The newest of them. */
  #failed: readonly Task[] = [];
  #isLive = false;
  #isClosed = false;

  constructor(run: Job) {
    this.#id = run.id;
    this.#failedTasks = new FailedTasks(run.id);
    const heads = ['Worker', 'Done', 'Failed', 'Busy', 'Longest task'].map((words, index) =>
      element('th', { scope: 'col', class: index > 0 ? 'number' : undefined }, words),
    );
    const table = element(
      'details',
      {},
      element('summary', {}, 'As a table'),
      element('table', {}, element('thead', {}, element('tr', {}, ...heads)), this.#body),
    );
    const { root: tasks } = section('tasks', 'Tasks', this.#progress.root);
    const { root: timeline, head } = section(
      'timeline',
      'Workers over time',
      this.#timeline.root,
      this.#words,
      table,
    );
    head.append(
      element(
        'ul',
        { class: 'legend aside' },
        element('li', { class: 'is-done' }, 'busy'),
        element('li', { class: 'is-failed' }, 'failed, at the top'),
      ),
    );
    this.root = element('div', {}, tasks, timeline, this.#failedTasks.root);
  }

  show(run: Job): void {
    this.#isLive = run.state !== 'done' && run.state !== 'failed';
    if (run.tasks !== null) this.count(run.tasks);
    this.#refresher.soon();
  }

  count(tasks: TaskCounts): void {
    this.#progress.show(tasks);
    if (this.#isLive) this.#refresher.soon();
  }

  close(): void {
    this.#isClosed = true;
    this.#refresher.close();
    this.#timeline.close();
    this.#failedTasks.close();
  }

  async #read(): Promise<void> {
    const lanes = new Lanes();
    const isFirst = this.#lanes.count === 0;
    let failed: Task[] = [];
    let cursor: string | undefined;
    do {
      const path = taskRoute(this.#id, '', { cursor, limit: perPage });
      const { tasks, next }: TaskPage = await askJson<TaskPage>(path);
      for (const task of tasks) lanes.add(task);
      failed = newest([...failed, ...tasks.filter(({ state }) => state === 'failed')]);
      // The first time one sees it come; later the old picture stands until the new one is whole.
      if (isFirst) this.#present(lanes, failed);
      cursor = next ?? undefined;
    } while (cursor !== undefined && !this.#isClosed);
    this.#present(lanes, failed);
  }

  #present(lanes: Lanes, failed: readonly Task[]): void {
    this.#lanes = lanes;
    this.#failed = failed;
    this.#draw();
  }

  #show(): void {
    const lanes = this.#lanes;
    const all = lanes.all();
    const took = Math.max(0, lanes.last - lanes.first);
    const words =
      lanes.count === 0
        ? 'No task has begun.'
        : `${counted(all.length, 'worker')} ran ${counted(lanes.count, 'task')} in ${duration(took)}.`;
    setText(this.#words, words);
    this.#timeline.root.hidden = lanes.count === 0;
    this.#timeline.show(lanes, this.#isLive ? serverNow() : undefined, words);
    this.#rows.show(all);
    this.#failedTasks.show(
      this.#failed,
      all.reduce((sum, { tasks }) => sum + tasks.failures, 0),
    );
  }
}

/** As many as are shown, the last to end first. */
function newest(tasks: Task[]): Task[] {
  const order = tasks.sort((a, b) => ((a.end ?? '') < (b.end ?? '') ? 1 : -1));
  return order.slice(0, FailedTasks.most);
}

function laneRow(): { root: HTMLElement; show(lane: Lane): void } {
  const name = element('th', { scope: 'row' });
  const cells = [0, 1, 2, 3].map(() => element('td', { class: 'number' }));
  return {
    root: element('tr', {}, name, ...cells),
    show: ({ crew, worker, tasks }) => {
      setText(name, `${readable(crew)} · ${worker}`);
      const values = [
        count(tasks.done),
        count(tasks.failures),
        duration(tasks.busy),
        duration(tasks.longest),
      ];
      cells.forEach((cell, index) => setText(cell, values[index] ?? ''));
    },
  };
}
