import type { TaskCounts } from './api.js';
import { element, setText } from './elements.js';
import { count, counted } from './words.js';

/** How far a run is: a bar, and the same in words. */
export class Progress {
  readonly #done = element('span', { class: 'part is-done' });
  readonly #failed = element('span', { class: 'part is-failed' });
  readonly #running = element('span', { class: 'part is-running' });
  readonly #words = element('p', { class: 'words' });
  readonly root = element(
    'div',
    { class: 'progress' },
    element('div', { class: 'bar', 'aria-hidden': 'true' }, this.#done, this.#failed, this.#running),
    this.#words,
  );

  show({ total, done, failed, running }: TaskCounts): void {
    const share = (part: number): string => `${(100 * part) / Math.max(1, total)}%`;
    this.#done.style.width = share(done);
    this.#failed.style.width = share(failed);
    this.#running.style.width = share(running);
    const percent = Math.floor((100 * (done + failed)) / Math.max(1, total));
    const parts = [
      `${count(done)} of ${counted(total, 'task')} done (${percent}%)`,
      `${count(failed)} failed`,
      ...(running > 0 ? [`${count(running)} running`] : []),
    ];
    setText(this.#words, parts.join(' · '));
  }
}
