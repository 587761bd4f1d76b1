import { randomUUID } from 'node:crypto';
import { perform } from '../queue/perform.js';
import { link, list, read } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { TreeFile } from '../system/trees.js';
import { claimNumbers } from './claim-numbers.js';
import { contentTypeOf, headBytes } from './content-type.js';
import { placeFile } from './place-file.js';
import type { ServerPaths } from './server-paths.js';
import type { Served } from './served.js';
import type { ServedJob } from './served-jobs.js';
import { type SignedLinks, linkLifetime } from './signed-links.js';
import { StoredArtifacts } from './stores/stored-artifacts.js';

/** A file that a job has left for others. */
export interface Artifact {
  readonly id: number;
  /** Its path below `artifacts/`. */
  readonly name: string;
  readonly mime: string;
  /** Bytes. */
  readonly size: number;
  readonly uuid: string;
  /** When the job that left it ended; ISO 8601. */
  readonly created: string;
  readonly jobID: number;
  /** The execution that left it. */
  readonly entry: string;
}

/** The artifacts of one execution, in a file that is written once. */
interface Page {
  readonly entry: string;
  readonly artifacts: readonly Omit<Artifact, 'entry'>[];
}

/** An artifact that is asked for. */
export type Located =
  /** In the project's directory; whoever asked closes it. */
  | { readonly kind: 'here'; readonly file: TreeFile }
  | { readonly kind: 'stored'; readonly link: string }
  /** In a store that this server does not know. */
  | { readonly kind: 'elsewhere'; readonly place: string }
  | { readonly kind: 'gone' };

/** Of one job; what it left beyond that has no number. */
const mostArtifacts = 10_000;

/**
 * Numbers artifacts. It is done when somebody first asks about a job that has ended: the execution that is accepted is
 * the only one whose artifacts count, and until then nobody knows which that is.
 *
 * The numbers are claimed, then each is made a name of the page that tells of all of them, then the page gets the name of
 * the execution, by a link: of two servers that do this at once the second finds the first one's page, and goes by that.
 * A crash before leaves numbers that no page speaks of.
 */
export class ArtifactBook {
  readonly #served: Served;
  readonly #paths: ServerPaths;
  readonly #links: SignedLinks;
  readonly #stored: StoredArtifacts;

  constructor(served: Served, paths: ServerPaths, links: SignedLinks) {
    this.#served = served;
    this.#paths = paths;
    this.#links = links;
    this.#stored = new StoredArtifacts(served.files, paths, served.store);
    served.files.ensureDirectory(paths.artifacts);
  }

  /** What a job that has ended left. */
  async of({ job, place, ended }: ServedJob): Promise<readonly Artifact[]> {
    const known = this.#readPage(this.#paths.artifactsOf(place.entry));
    if (known !== undefined) return artifactsOf(known);
    const found = await this.#look(place.entry);
    if (found.length === 0) return [];
    const { files, clock } = this.#served;
    const first = perform(files, claimNumbers(this.#paths, 'artifact', found.length));
    const created = ended ?? clock.timestamp();
    const artifacts = found.map((file, index) => ({
      ...{ id: first + index, ...file },
      ...{ uuid: randomUUID(), created, jobID: job.id },
    }));
    return this.#write({ entry: place.entry, artifacts });
  }

  find(id: number): Artifact | undefined {
    const page = this.#readPage(this.#paths.artifact(id));
    const artifact = page?.artifacts.find((candidate) => candidate.id === id);
    return page === undefined || artifact === undefined ? undefined : { ...artifact, entry: page.entry };
  }

  /** Where it can be had; `seconds`: how long a link to it is good. */
  async locate(artifact: Artifact, seconds = linkLifetime): Promise<Located> {
    const stored = await this.#stored.locate(artifact, seconds);
    if (stored !== undefined) return stored;
    const file = await this.#open(artifact.entry, artifact.name);
    if (file !== undefined) return { kind: 'here', file };
    // It may have gone to the store meanwhile.
    return (await this.#stored.locate(artifact, seconds)) ?? { kind: 'gone' };
  }

  /**
   * A path of this server's that needs no more permission, and is good for two hours. It leads to the artifact wherever that
   * is by then. Not the store's own link: that costs a millisecond, and a job may have left ten thousand.
   */
  linkTo({ id, name }: Artifact): Promise<string> {
    const last = name.replace(/^.*\//s, '');
    return Promise.resolve(`/artifacts/file/${id}/${encodeURIComponent(last)}?${this.#links.sign(id)}`);
  }

  /** The highest number that an artifact has. */
  highest(): number {
    const names = perform(this.#served.files, list(this.#paths.artifacts)) ?? [];
    const numbers = names.map((name) => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0));
    return numbers.reduce((highest, number) => Math.max(highest, number), 0);
  }

  async #look(entry: string): Promise<Pick<Artifact, 'name' | 'mime' | 'size'>[]> {
    const { trees, layout } = this.#served;
    const names = await trees.filesBelow(layout.workDirectories, `${entry}/artifacts`, mostArtifacts);
    const found = [];
    for (const name of names) {
      const file = await this.#open(entry, name);
      if (file === undefined) continue;
      try {
        found.push({ name, mime: await contentTypeOf(name, () => file.head(headBytes)), size: file.size });
      } finally {
        await file.close();
      }
    }
    return found;
  }

  async #open(entry: string, name: string): Promise<TreeFile | undefined> {
    return this.#served.trees.open(this.#served.layout.workDirectories, `${entry}/artifacts`, name);
  }

  #write(page: Page): readonly Artifact[] {
    const { files } = this.#served;
    const [first, ...rest] = page.artifacts;
    if (first === undefined) return [];
    const path = this.#paths.artifact(first.id);
    const token = newToken();
    perform(files, placeFile(this.#paths, path, `${JSON.stringify(page)}\n`, token));
    for (const { id } of rest) perform(files, link(path, this.#paths.artifact(id)));
    const own = this.#paths.artifactsOf(page.entry);
    const isOurs = perform(files, link(path, own)) !== 'exists';
    return artifactsOf(isOurs ? page : (this.#readPage(own) ?? { entry: page.entry, artifacts: [] }));
  }

  #readPage(path: string): Page | undefined {
    const content = perform(this.#served.files, read(path));
    if (content === undefined) return undefined;
    return JSON.parse(Buffer.from(content).toString('utf8')) as Page;
  }
}

function artifactsOf({ entry, artifacts }: Page): readonly Artifact[] {
  return artifacts.map((artifact) => ({ ...artifact, entry }));
}
