import type { Layout } from '../queue/layout.js';
import type { Token } from '../queue/token.js';

/** How the files are called that servers of a project keep (see README.md). */
export class ServerPaths {
  readonly directory: string;

  constructor(layout: Layout) {
    this.directory = layout.server;
  }

  /** What links to artifacts are signed with. */
  get key(): string {
    return `${this.directory}/key`;
  }
  /** The next numbers of jobs and artifacts. */
  get numbers(): string {
    return `${this.directory}/numbers`;
  }
  get tokens(): string {
    return `${this.directory}/tokens`;
  }
  token(name: string): string {
    return `${this.tokens}/${name}.json`;
  }
  get artifacts(): string {
    return `${this.directory}/artifacts`;
  }
  /** The artifacts of one execution; entries hold an "@", numbers do not. */
  artifactsOf(entry: string): string {
    return `${this.artifacts}/${entry}.json`;
  }
  /** Another name of the same file. */
  artifact(number: number): string {
    return `${this.artifacts}/${number}.json`;
  }
  /** Keys of submissions: see accept/key-record.ts. */
  get keys(): string {
    return `${this.directory}/keys`;
  }
  keyRecord(name: string): string {
    return `${this.keys}/${name}.json`;
  }
  /** A job's file until its key is on record. */
  aside(token: Token): string {
    return `${this.keys}/${token}.job`;
  }
  asideDraft(token: Token): string {
    return `${this.keys}/.${token}`;
  }
  /** How far each receiver of webhooks has been told. */
  get webhooks(): string {
    return `${this.directory}/webhooks`;
  }
  webhook(key: string): string {
    return `${this.webhooks}/${key}.json`;
  }
  /** Which server tells them. */
  get webhooksLock(): string {
    return `${this.directory}/webhooks.lock`;
  }
  /** What of each execution's artifacts is in a store. */
  get stored(): string {
    return `${this.directory}/stored`;
  }
  storedOf(entry: string): string {
    return `${this.stored}/${entry}.json`;
  }
  /** The same of executions that are removed: what is in a store is to go. */
  get unwanted(): string {
    return `${this.directory}/unwanted`;
  }
  unwantedOf(token: Token): string {
    return `${this.unwanted}/${token}.json`;
  }
  /** Which server sends artifacts to the store. */
  get storeLock(): string {
    return `${this.directory}/store.lock`;
  }
  /** A file or directory for a moment. */
  draft(token: Token): string {
    return `${this.directory}/${draftPrefix}${token}`;
  }
  /** Whether that is what lies there: it may be under way, or what a server has left that was killed. */
  isDraft(path: string): boolean {
    return path.startsWith(`${this.directory}/${draftPrefix}`);
  }
}

const draftPrefix = '.draft-';
