import { wordsOf } from './input-source.js';
import type { ResourcePlan } from './plan.js';
import type { KeyPath } from './problems.js';
import type { Report } from './report.js';
import type { ResourcesConfig } from './workers-schema.js';
import type { FanOutFileWorld } from './world.js';

type Section = 'worker_resources' | 'task_resources';
type PoolConfig = ResourcesConfig[number][string];

/** Reads the items of both kinds of resources. */
export class ResourcePlanner {
  readonly #world: FanOutFileWorld;
  readonly #report: Report;
  /** By their names in upper case: two that differ in nothing else would be taken for one another. */
  readonly #names = new Map<string, string>();

  constructor(world: FanOutFileWorld, report: Report) {
    this.#world = world;
    this.#report = report;
  }

  plan(section: Section, config: ResourcesConfig | undefined): ResourcePlan[] {
    return (config ?? []).flatMap((entry, index) =>
      Object.entries(entry).map(([name, pool]) => {
        const path = [section, index, name];
        this.#checkName(name, path);
        return this.#resource(name, pool, path);
      }),
    );
  }

  #checkName(name: string, path: KeyPath): void {
    const other = this.#names.get(name.toUpperCase());
    if (other !== undefined)
      this.#report.key(
        path,
        other === name ? 'the name is taken' : `the name differs from ${other} in case alone`,
        'give each resource a name of its own',
      );
    this.#names.set(name.toUpperCase(), name);
  }

  #resource(name: string, config: PoolConfig, path: KeyPath): ResourcePlan {
    if (config.pool !== undefined) return { kind: 'pool', name, pool: config.pool };
    const source = config.file === undefined ? [...path, 'items'] : [...path, 'file', 'path'];
    const { file, items } = config;
    const read = this.#report.attempt(
      source,
      () => [...new Set(items ?? wordsOf({ file }, this.#world))],
      undefined,
    );
    if (read?.length === 0) this.#report.key(path, 'there are no items', 'nothing could ever run');
    return { kind: 'items', name, items: read ?? [] };
  }
}
