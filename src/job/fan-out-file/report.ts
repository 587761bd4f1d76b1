import { FjrError } from '../fjr-error.js';
import { type KeyPath, type Problem, formatKeyPath } from './problems.js';
import type { YamlTree } from './yaml-tree.js';

/** Collects what is wrong with a file beyond its shape. */
export class Report {
  readonly problems: Problem[] = [];
  readonly #tree: YamlTree;

  constructor(tree: YamlTree) {
    this.#tree = tree;
  }

  /** The message begins with the key. */
  key(path: KeyPath, what: string, hint: string): void {
    this.problems.push({ ...this.#tree.placeOfKey(path), what: `${formatKeyPath(path)}: ${what}`, hint });
  }

  /** What `read` returns; or `otherwise`, if it meets an expected failure, which is then a problem of this value. */
  attempt<T>(path: KeyPath, read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      const { message, hint } = error;
      this.problems.push({ ...this.#tree.placeOf(path), what: `${formatKeyPath(path)}: ${message}`, hint });
      return otherwise;
    }
  }
}
