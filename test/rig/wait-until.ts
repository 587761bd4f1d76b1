import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Seconds. Long, since machines under test are loaded: what fails here would never have come. */
const patience = 20;
const lookEvery = 15;

/**
 * Looks until what is seen is accepted, and returns it. Fails with the last thing seen: a test that waited in vain
 * shows how things stood, and not only that time is over.
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | Promise<T>,
  accept: (seen: T) => boolean,
  seconds = patience,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (accept(seen)) return seen;
    if (performance.now() > end)
      throw new Error(`waited ${seconds} s in vain until ${what}; the last thing seen: ${show(seen)}`);
    await setTimeout(lookEvery);
  }
}

function show(seen: unknown): string {
  return typeof seen === 'string' ? `\n${seen}` : inspect(seen, { depth: 6, maxStringLength: 4000 });
}
