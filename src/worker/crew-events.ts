import { FjrError } from '../job/fjr-error.js';
import type { CrewId } from '../queue/layout.js';

/** What a crew tells those who watch it. */
export type CrewEvent =
  | { readonly kind: 'born'; readonly crew: CrewId; readonly workers: number }
  | {
      readonly kind: 'found' | 'finished';
      readonly crew: CrewId;
      readonly worker: number;
      readonly entry: string;
    }
  | { readonly kind: 'fenced' | 'left'; readonly crew: CrewId }
  | { readonly kind: 'trouble'; readonly crew: CrewId; readonly error: unknown };

/** The events of one crew. */
export class CrewEvents {
  readonly #crew: CrewId;
  readonly #report: (event: CrewEvent) => void;

  constructor(crew: CrewId, report: (event: CrewEvent) => void) {
    this.#crew = crew;
    this.#report = report;
  }

  born(workers: number): void {
    this.#report({ kind: 'born', crew: this.#crew, workers });
  }

  found(worker: number, entry: string): void {
    this.#report({ kind: 'found', crew: this.#crew, worker, entry });
  }

  finished(worker: number, entry: string): void {
    this.#report({ kind: 'finished', crew: this.#crew, worker, entry });
  }

  fenced(): void {
    this.#report({ kind: 'fenced', crew: this.#crew });
  }

  left(): void {
    this.#report({ kind: 'left', crew: this.#crew });
  }

  trouble(error: unknown): void {
    this.#report({ kind: 'trouble', crew: this.#crew, error });
  }

  /** A filesystem that fails for a while must not end the crew: what was not done is done at the next sweep. */
  guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.trouble(error);
      if (!(error instanceof FjrError)) throw error;
    }
  }
}
