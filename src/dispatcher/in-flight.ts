import type { CrewId } from '../queue/layout.js';
import type { PodEntries } from './crews.js';

/**
 * What each crew was given and has, as far as is known, not finished. An economy: it says how much a crew may be given
 * ahead of time, and whom to ask what it has not started. Whoever asks a pod corrects it.
 */
export class InFlight {
  readonly #byCrew = new Map<CrewId, Set<string>>();
  readonly #crewOf = new Map<string, CrewId>();

  assigned(crew: CrewId, entry: string): void {
    this.#entriesOf(crew).add(entry);
    this.#crewOf.set(entry, crew);
  }

  /** It has finished, or gone elsewhere. Returns who had it. */
  ended(entry: string): CrewId | undefined {
    const crew = this.#crewOf.get(entry);
    if (crew === undefined) return undefined;
    this.#crewOf.delete(entry);
    this.#byCrew.get(crew)?.delete(entry);
    return crew;
  }

  count(crew: CrewId): number {
    return this.#byCrew.get(crew)?.size ?? 0;
  }

  /** The pod itself says what it holds. */
  correct(crew: CrewId, { assigned, running }: PodEntries): void {
    this.forget(crew);
    for (const entry of [...assigned, ...running]) this.assigned(crew, entry);
  }

  forget(crew: CrewId): void {
    for (const entry of this.#byCrew.get(crew) ?? []) this.#crewOf.delete(entry);
    this.#byCrew.delete(crew);
  }

  #entriesOf(crew: CrewId): Set<string> {
    let entries = this.#byCrew.get(crew);
    if (entries === undefined) this.#byCrew.set(crew, (entries = new Set()));
    return entries;
  }
}
