import type { TaskCounts } from './api.js';
import { element, setText } from './elements.js';
import { count, counted } from './words.js';

/** How far a run is: a bar, and the same in words. */
export class Progress {
  readonly #done = element('span', { class: 'part is-done' });
  readonly #failed = element('span', { class: 'part is-failed' });
  readonly #words = element('p', { class: 'words' });
  readonly root = element(
    'div',
    { class: 'progress' },
    element('div', { class: 'bar', 'aria-hidden': 'true' }, this.#done, this.#failed),
    this.#words,
  );

  show({ tasks, done, failed }: TaskCounts): void {
    const share = (part: number): string => `${(100 * part) / Math.max(1, tasks)}%`;
    this.#done.style.width = share(done);
    this.#failed.style.width = share(failed);
    const percent = Math.floor((100 * (done + failed)) / Math.max(1, tasks));
    const parts = [
      `${count(done)} of ${counted(tasks, 'task')} done (${percent}%)`,
      `${count(failed)} failed`,
    ];
    setText(this.#words, parts.join(' · '));
  }
}
