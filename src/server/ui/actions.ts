import { announce } from './announce.js';
import type { JobSummary } from './api.js';
import { ask, jobRoute } from './ask-server.js';
import { confirm } from './confirm.js';
import { button, element } from './elements.js';
import { linkId } from './job-cells.js';
import { readable } from './words.js';

/** The buttons that change a job. */
export class Actions {
  readonly #changed: () => void;
  readonly #cancel = button('Cancel', () => void this.#cancelIt());
  readonly #retry = button('Retry', () => void this.#retryIt());
  readonly root = element('div', { class: 'actions' }, this.#cancel, this.#retry);
  #job: JobSummary | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  show(job: JobSummary): void {
    this.#job = job;
    const isOver = job.state === 'done' || job.state === 'failed';
    // What has the focus goes away: its place is taken by what can be done now.
    const held = this.root.contains(document.activeElement);
    this.#cancel.hidden = isOver;
    this.#retry.hidden = job.state !== 'failed';
    const [at] = [this.#cancel, this.#retry].filter(({ hidden }) => !hidden);
    if (held && document.activeElement !== at) (at ?? document.querySelector<HTMLElement>('h1'))?.focus();
  }

  async #cancelIt(): Promise<void> {
    const job = this.#job;
    if (job === undefined) return;
    const name = readable(job.name);
    // The tasks of a run that waits may run.
    const isRunning = job.state === 'running' || job.kind === 'run';
    const consequence = isRunning
      ? 'It is stopped where it is. What it has done so far is not undone, and it does not go on from there.'
      : 'It is taken out of the queue and counts as failed.';
    if (
      !(await confirm(
        `Cancel ${name}?`,
        consequence,
        `Cancel the ${job.kind}`,
        isRunning ? 'Let it run' : 'Leave it',
      ))
    )
      return;
    await this.#order(job, 'cancel', isRunning ? `${name} is being stopped.` : `${name} is cancelled.`);
  }

  async #retryIt(): Promise<void> {
    const job = this.#job;
    if (job === undefined) return;
    await this.#order(job, 'retry', `${readable(job.name)} waits in the queue again.`);
  }

  async #order(job: JobSummary, verb: 'cancel' | 'retry', done: string): Promise<void> {
    for (const each of [this.#cancel, this.#retry]) each.setAttribute('aria-disabled', 'true');
    try {
      await ask(jobRoute(linkId(job), `/${verb}`), { method: 'POST' });
      announce(done);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      announce(`Could not ${verb} ${readable(job.name)}: ${reason}`);
    } finally {
      for (const each of [this.#cancel, this.#retry]) each.removeAttribute('aria-disabled');
      this.#changed();
    }
  }
}
