import type { Artifact, Attempt, Job } from '../api.js';
import { askJson, jobRoute, unlessLost } from '../ask-server.js';
import { Actions } from '../actions.js';
import { element, section, setText } from '../elements.js';
import { ranFor, stateCell, ticking, timeElement, whereOf } from '../job-cells.js';
import { Refresher } from '../paced.js';
import { LogPanel } from '../panels/log.js';
import { RunPanel } from '../panels/run.js';
import type { View } from '../view.js';
import { bytes, counted, readable } from '../words.js';

/** Milliseconds between two looks, when something has changed. */
const pause = 700;

/** One job: what it is, what has become of it, and what it printed. */
export function jobView(id: string): View {
  return new JobView(id);
}

class JobView implements View {
  readonly title: string;
  readonly root: HTMLElement;
  readonly #id: string;
  readonly #state = stateCell();
  readonly #kind = element('span', { class: 'kind' });
  readonly #facts = element('dl', { class: 'facts' });
  readonly #actions = new Actions(() => void this.load().catch(unlessLost));
  readonly #log = new LogPanel();
  readonly #attempts = element('div', {});
  readonly #artifacts = element('div', {});
  readonly #text = element('div', {});
  readonly #run = element('div', {});
  readonly #refresher = new Refresher(() => this.#read(), pause);
  #job: Job | undefined;
  #runPanel: RunPanel | undefined;

  constructor(id: string) {
    this.#id = id;
    this.title = readable(id);
    const title = element('h1', { tabindex: '-1', class: 'name' }, readable(id));
    this.root = element(
      'article',
      { class: 'job' },
      element('div', { class: 'job-head' }, title, this.#kind, this.#state.root, this.#actions.root),
      ...[this.#facts, this.#run, this.#log.root, this.#attempts, this.#artifacts, this.#text],
    );
    this.#log.root.hidden = true;
  }

  async load(): Promise<void> {
    await this.#refresher.now();
  }

  hear(event: Parameters<View['hear']>[0]): void {
    const name = this.#job?.name;
    if (event.type === 'job' && (event.job.name === name || event.job.id === this.#id))
      this.#refresher.soon();
    if (event.type === 'run' && event.name === name) this.#runPanel?.count(event.tasks);
  }

  close(): void {
    this.#refresher.close();
    this.#log.close();
    this.#runPanel?.close();
  }

  async #read(): Promise<void> {
    const job = await askJson<Job>(jobRoute(this.#id));
    this.#job = job;
    const title = this.root.querySelector('h1');
    if (title !== null) setText(title, readable(job.name));
    this.#state.show(isUnderWay(job) ? { ...job, state: 'running' } : job);
    setText(this.#kind, job.kind);
    this.#actions.show(job);
    this.#facts.replaceChildren(...facts(job));
    this.#attempts.replaceChildren(...attemptsTable(job.attempts));
    this.#artifacts.replaceChildren(...artifactsTable(job.artifacts));
    this.#showText(job.text);
    if (job.kind === 'run') this.#showRun(job);
    else this.#showLog(job);
  }

  #showLog(job: Job): void {
    const hasBegun =
      job.started !== null || job.state === 'running' || job.state === 'done' || job.state === 'failed';
    this.#log.root.hidden = !hasBegun;
    if (hasBegun) this.#log.show(job.id, job.state === 'running', job.state === 'failed');
  }

  #showRun(job: Job): void {
    if (this.#runPanel === undefined) {
      this.#runPanel = new RunPanel(job);
      this.#run.append(this.#runPanel.root);
    }
    this.#runPanel.show(job);
  }

  /** It does not change. */
  #showText(text: string | null): void {
    if (text === null || this.#text.childElementCount > 0) return;
    const { root } = section('text', 'Job file', element('pre', { class: 'file', tabindex: '0' }, text));
    this.#text.append(root);
  }
}

/** A run's directory waits in the queue until all of it is done, whatever its tasks do. */
function isUnderWay({ kind, state, tasks }: Job): boolean {
  return kind === 'run' && state === 'waiting' && tasks !== null && tasks.done + tasks.failed > 0;
}

function facts(job: Job): HTMLElement[] {
  const running = element('span', {});
  if (job.state === 'running') ticking(running, job.started ?? job.changed);
  else setText(running, ranFor(job.started, job.ended));
  const rows: (readonly [string, HTMLElement | string | undefined])[] = [
    ['Outcome', job.outcome ?? undefined],
    ['Where', whereOf(job)],
    ['Started', job.started === null ? undefined : timeElement(job.started)],
    ['Ended', job.ended === null ? undefined : timeElement(job.ended)],
    [job.state === 'running' ? 'Running for' : 'Ran for', running.textContent === '' ? undefined : running],
    [
      isUnderWay(job) ? 'Submitted' : 'Waiting since',
      job.state === 'waiting' ? timeElement(job.changed) : undefined,
    ],
    ['Name on disk', job.id === job.name ? undefined : element('code', {}, readable(job.id))],
  ];
  return rows.flatMap(([term, value]) =>
    value === undefined || value === ''
      ? []
      : [element('div', {}, element('dt', {}, term), element('dd', {}, value))],
  );
}

/** `numbers`: the last column holds them. */
function headRow(words: readonly string[], numbers = false): HTMLElement {
  const cells = words.map((word, index) =>
    element(
      'th',
      { scope: 'col', class: numbers && index === words.length - 1 ? 'number' : undefined },
      word,
    ),
  );
  return element('thead', {}, element('tr', {}, ...cells));
}

function attemptsTable(attempts: readonly Attempt[]): HTMLElement[] {
  if (attempts.length === 0) return [];
  const rows = attempts.map((attempt, index) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, String(index + 1)),
      element('td', {}, attempt.started === null ? '' : timeElement(attempt.started)),
      element('td', {}, ranFor(attempt.started, attempt.ended)),
      element('td', {}, whereOf({ host: null, ...attempt })),
      element('td', {}, attempt.outcome ?? (attempt.ended === null ? 'running' : '')),
    ),
  );
  const head = headRow(['Attempt', 'Started', 'Ran for', 'Where', 'Outcome']);
  const table = element('table', { 'aria-labelledby': 'attempts' }, head, element('tbody', {}, ...rows));
  return [section('attempts', 'Attempts', table).root];
}

function artifactsTable(artifacts: readonly Artifact[]): HTMLElement[] {
  if (artifacts.length === 0) return [];
  const rows = artifacts.map(({ name, mime, size, url }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('a', { href: url, download: true }, readable(name))),
      element('td', {}, mime),
      element('td', { class: 'number' }, bytes(size)),
    ),
  );
  const head = headRow(['Name', 'Type', 'Size'], true);
  const table = element('table', { 'aria-labelledby': 'artifacts' }, head, element('tbody', {}, ...rows));
  const { root, head: line } = section('artifacts', 'Artifacts', table);
  line.append(element('span', { class: 'aside' }, counted(artifacts.length, 'file')));
  return [root];
}
