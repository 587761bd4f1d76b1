import type { Task } from '../api.js';
import { taskRoute } from '../ask-server.js';
import { button, element, section, setText } from '../elements.js';
import { ranFor, timeElement, whereOf } from '../job-cells.js';
import { type Row, Rows } from '../rows.js';
import { counted } from '../words.js';
import { LogPanel } from './log.js';

/** The tasks of a run that failed last, why, and what each printed. */
export class FailedTasks {
  /** How many are shown. */
  static readonly most = 20;
  readonly root: HTMLElement;
  readonly #body = element('tbody', {});
  readonly #words = element('p', { class: 'words' });
  readonly #rows = new Rows<Task>(
    this.#body,
    ({ task }) => String(task),
    () => this.#row(),
  );
  readonly #log: LogPanel;
  #shown: number | undefined;

  constructor(run: string) {
    this.#log = new LogPanel({
      section: 'task-log',
      title: "A task's log",
      route: (task, query) => taskRoute(run, `/${task}/log`, query),
    });
    this.#log.root.hidden = true;
    const heads = ['Task', 'Ended', 'Ran for', 'Where', 'Outcome'].map((words) =>
      element('th', { scope: 'col' }, words),
    );
    const head = element('thead', {}, element('tr', {}, ...heads));
    const table = element('table', { 'aria-labelledby': 'failed-tasks' }, head, this.#body);
    const { root } = section('failed-tasks', 'Failed tasks', table, this.#words);
    this.root = element('div', {}, root, this.#log.root);
    this.root.hidden = true;
  }

  /** `all`: how many have failed. */
  show(tasks: readonly Task[], all: number): void {
    this.root.hidden = tasks.length === 0 && this.#shown === undefined;
    this.#rows.show(tasks);
    setText(this.#words, all > tasks.length ? `The last of ${counted(all, 'task')} that failed.` : '');
  }

  close(): void {
    this.#log.close();
  }

  #read(task: number): void {
    this.#shown = task;
    this.#log.root.hidden = false;
    const title = this.#log.root.querySelector('h2');
    if (title !== null) setText(title, `Log of task ${task}`);
    this.#log.show(String(task), false, true);
  }

  #row(): Row<Task> {
    let task: number | undefined;
    const open = button(
      '',
      () => {
        if (task !== undefined) this.#read(task);
      },
      'quiet',
    );
    const cells = [0, 1, 2, 3].map(() => element('td', {}));
    return {
      root: element('tr', {}, element('th', { scope: 'row' }, open), ...cells),
      show: (shown) => {
        task = shown.task;
        setText(open, `${task}: log`);
        const { begin, end, outcome } = shown;
        const [ended, ran, where, why] = cells;
        if (end !== null) ended?.replaceChildren(timeElement(end));
        if (ran !== undefined) setText(ran, ranFor(begin, end));
        if (where !== undefined) setText(where, whereOf({ host: null, ...shown }));
        if (why !== undefined) setText(why, outcome ?? '');
      },
    };
  }
}
