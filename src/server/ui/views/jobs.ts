import { askJson, route } from '../ask-server.js';
import type { JobPage, JobSummary } from '../api.js';
import { button, element, setText } from '../elements.js';
import { jobLink, ranFor, stateCell, ticking, whereOf } from '../job-cells.js';
import { type Place, linkToJobs } from '../location.js';
import { drawLater } from '../paced.js';
import { type Row, Rows } from '../rows.js';
import type { View } from '../view.js';
import { counted, moment } from '../words.js';

/** Jobs that are read at a time, and how many of them a page can hold and still be quick. */
const perPage = 100;
const mostRows = 2000;
/** Milliseconds without a key after which a search begins. */
const typingPause = 250;

const states: readonly (readonly [string, string])[] = [
  ['', 'any state'],
  ['waiting', 'waiting'],
  ['assigned', 'assigned'],
  ['running', 'running'],
  ['done', 'done'],
  ['failed', 'failed'],
];
const kinds: readonly (readonly [string, string])[] = [
  ['', 'jobs and runs'],
  ['job', 'jobs'],
  ['run', 'runs'],
];

type Wanted = Extract<Place, { view: 'jobs' }>;

/** All jobs, as far as one wants to read: by a part of their name, by state and kind. */
export function jobsView(wanted: Wanted): View {
  return new JobsView(wanted);
}

class JobsView implements View {
  readonly title = 'Jobs';
  readonly root: HTMLElement;
  readonly #text: HTMLInputElement;
  readonly #state: HTMLSelectElement;
  readonly #kind: HTMLSelectElement;
  readonly #body = element('tbody', {});
  readonly #rows = new Rows<JobSummary>(this.#body, ({ id }) => id, jobRow);
  readonly #more: HTMLButtonElement;
  readonly #found = element('p', { class: 'words', role: 'status' });
  readonly #news: HTMLButtonElement;
  readonly #draw = drawLater(() => this.#show());
  #jobs: JobSummary[] = [];
  #next: string | null = null;
  #changes = 0;
  #reading: AbortController | undefined;
  #typing: number | undefined;

  constructor({ state, kind, text }: Wanted) {
    this.#text = element('input', { type: 'search', id: 'text', autocomplete: 'off', spellcheck: 'false' });
    this.#text.value = text;
    this.#state = choice('state', states, state);
    this.#kind = choice('kind', kinds, kind);
    this.#more = button('', () => void this.#readMore());
    this.#news = button('', () => void this.load(), 'quiet');
    this.root = this.#compose();
  }

  async load(): Promise<void> {
    await this.#read(undefined);
  }

  hear(event: Parameters<View['hear']>[0]): void {
    if (event.type === 'removed') {
      this.#jobs = this.#jobs.filter(({ id }) => id !== event.id);
      this.#draw();
    }
    if (event.type !== 'job') return;
    const { job } = event;
    const place = this.#jobs.findIndex(({ id }) => id === job.id || id === job.was);
    // What is shown is kept right; what is new waits until it is asked for, so that nothing moves while one reads.
    if (place < 0) this.#changes += 1;
    else this.#jobs[place] = job;
    this.#draw();
  }

  close(): void {
    this.#reading?.abort();
    clearTimeout(this.#typing);
  }

  #compose(): HTMLElement {
    const form = element(
      'form',
      { class: 'filter', role: 'search' },
      field('Name holds', this.#text),
      field('State', this.#state),
      field('Kind', this.#kind),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#changed();
    });
    this.#text.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#changed(), typingPause);
    });
    for (const select of [this.#state, this.#kind]) select.addEventListener('change', () => this.#changed());
    const heads = ['Job', 'State', 'Where', 'Ran', 'Changed'].map((words) =>
      element('th', { scope: 'col', class: `is-${words.toLowerCase()}` }, words),
    );
    const table = element(
      'table',
      { class: 'jobs', 'aria-labelledby': 'title' },
      element('thead', {}, element('tr', {}, ...heads)),
      this.#body,
    );
    return element(
      'div',
      {},
      element('h1', { id: 'title', tabindex: '-1' }, 'Jobs'),
      form,
      element('div', { class: 'line' }, this.#found, this.#news),
      table,
      this.#more,
    );
  }

  /** The address follows, so that a search can be shared and come back to. */
  #changed(): void {
    clearTimeout(this.#typing);
    const words = { state: this.#state.value, kind: this.#kind.value, q: this.#text.value.trim() };
    history.replaceState(null, '', linkToJobs(words));
    this.load().catch((error: unknown) => this.#lost(error));
  }

  async #readMore(): Promise<void> {
    const before = this.#jobs.length;
    await this.#read(this.#next ?? undefined).catch((error: unknown) => this.#lost(error));
    // The button moves on below what has come; whoever pressed it is led to the first of that.
    this.#body.children[before]?.querySelector('a')?.focus();
  }

  async #read(cursor: string | undefined): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const query = {
      q: this.#text.value.trim(),
      state: this.#state.value,
      kind: this.#kind.value,
    };
    const found = cursor === undefined ? [] : [...this.#jobs];
    const enough = found.length + perPage;
    let next: string | null = cursor ?? null;
    try {
      // A search may answer with less than was asked for, or with nothing, when it had to look at much.
      do {
        const path = route('v1/jobs', { ...query, cursor: next ?? undefined, limit: enough - found.length });
        const page: JobPage = await askJson<JobPage>(path, { signal: reading.signal });
        found.push(...page.jobs);
        next = page.next;
        this.#present(found, next);
      } while (next !== null && found.length < enough);
      if (cursor === undefined) this.#changes = 0;
      this.#show();
    } catch (error) {
      // Somebody has typed on.
      if (!reading.signal.aborted) throw error;
    }
  }

  #present(found: readonly JobSummary[], next: string | null): void {
    this.#jobs = [...found];
    this.#next = next;
    this.#draw();
  }

  #lost(error: unknown): void {
    setText(this.#found, error instanceof Error ? error.message : String(error));
  }

  #show(): void {
    this.#rows.show(this.#jobs);
    const { length } = this.#jobs;
    const isFull = length >= mostRows;
    const some = this.#next === null ? counted(length, 'job') : `The newest ${counted(length, 'job')}`;
    setText(
      this.#found,
      length === 0 ? 'No job is like that.' : `${some}${isFull ? ': narrow the search to see others' : ''}`,
    );
    this.#more.hidden = this.#next === null || isFull;
    setText(this.#more, `${perPage} more`);
    this.#news.hidden = this.#changes === 0;
    setText(this.#news, `${counted(this.#changes, 'change')} elsewhere: read again`);
  }
}

function choice(
  id: string,
  options: readonly (readonly [string, string])[],
  value: string,
): HTMLSelectElement {
  const select = element(
    'select',
    { id },
    ...options.map(([key, words]) => element('option', { value: key }, words)),
  );
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
  return select;
}

function field(words: string, input: HTMLElement): HTMLElement {
  return element('div', { class: 'field' }, element('label', { for: input.id }, words), input);
}

function jobRow(): Row<JobSummary> {
  const link = jobLink();
  const state = stateCell();
  const kind = element('span', { class: 'kind' });
  const outcome = element('span', { class: 'outcome' });
  const where = element('td', { class: 'is-where' });
  const ran = element('td', { class: 'is-ran number' });
  const changed = element('td', { class: 'is-changed number' });
  return {
    root: element(
      'tr',
      {},
      element('th', { scope: 'row' }, link.root, kind),
      element('td', { class: 'is-state' }, state.root, ' ', outcome),
      ...[where, ran, changed],
    ),
    show: (job) => {
      link.show(job);
      state.show(job);
      setText(kind, job.kind === 'run' ? 'run' : '');
      setText(outcome, job.state === 'failed' ? (job.outcome ?? '') : '');
      setText(where, whereOf(job));
      if (job.state === 'running') ticking(ran, job.started ?? job.changed);
      else {
        ticking(ran, null);
        setText(ran, ranFor(job.started, job.ended));
      }
      setText(changed, moment(job.changed));
    },
  };
}
