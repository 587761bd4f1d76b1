import { setText } from './elements.js';

const place = document.querySelector('#announcement');

/** Says what has come of what somebody did, on the page and to screen readers; until something else is said. */
export function announce(words: string): void {
  if (place !== null) setText(place, words);
}
