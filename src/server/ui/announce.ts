import { setText } from './elements.js';

const place = document.querySelector('#announcement');
let timer: number | undefined;

/**
 * Says what has come of what somebody did, on the page and to screen readers: until something else is said, or for so
 * many seconds.
 */
export function announce(words: string, seconds?: number): void {
  if (place === null) return;
  clearTimeout(timer);
  setText(place, words);
  if (seconds !== undefined) timer = setTimeout(() => setText(place, ''), seconds * 1000);
}
