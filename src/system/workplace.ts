import { type Hash, createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {
  constants,
  type FileHandle,
  copyFile,
  open,
  readdir,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { FjrError } from '../job/fjr-error.js';
import { filesystemHints } from './filesystem-hints.js';
import type { Host, ProcessIdentity } from './host.js';
import { takeLock } from './lock.js';

/**
 * The directory of a worker that shares nothing with the project: `PATH_BASE`.
 *
 * ```
 * PATH_BASE/
 *   17/                  the directory of job 17, for as long as it is here
 *   .fjr-worker/
 *     lock/  lock.owner  one worker at a time
 *     name               what its containers are labelled with
 *     jobs/17            there is, or may be, a directory of job 17
 *     project/           what its crew works on
 *     cache/HASH         inputs by their SHA-256
 *     parts/X            inputs that are on their way
 * ```
 */
export interface Workplace {
  readonly base: string;
  /** Of this directory alone: what its containers are labelled with. */
  readonly name: string;
  /** Where the crew's project lies. */
  readonly project: string;
  /** Makes a job's directory, and the directories in it. */
  makeJob(id: string, directories: readonly string[]): string;
  /** Where a file of a job is to lie, by a path in its directory; what it lies in is made. */
  fileOf(id: string, path: string): string;
  /** How its directory is called. */
  nameOf(id: string): string;
  /** Removes a directory of the project. */
  removeTree(path: string): Promise<void>;
  /** Leaves nothing of a job's directory. */
  removeJob(id: string): Promise<void>;
  /** Where a file may be for a moment that is no job's. */
  passing(): string;
  /** An empty file for what is on its way. */
  newPart(): Promise<Part>;
  /** Copies the content with this hash, if it is at hand. */
  takeCached(hash: string, to: string): Promise<boolean>;
  /** Remembers a part as content, and puts a copy of it where it belongs. */
  keepCached(part: Part, hash: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** A file that grows as it comes. */
export interface Part {
  readonly path: string;
  /** Bytes that have come. */
  readonly size: number;
  /** SHA-256 of them, in hexadecimal digits; '' if nobody wanted to know it from the beginning. */
  hash(): Promise<string>;
  write(bytes: Uint8Array): Promise<void>;
  /** Forgets what has come. */
  restart(hashed: boolean): Promise<void>;
  /** It is whole, and moves to where it belongs. */
  moveTo(path: string): Promise<void>;
  /** Removes it, unless it was moved. */
  discard(): Promise<void>;
}

export interface WorkplaceOptions {
  readonly base: string;
  /** Bytes of inputs that are kept for later jobs. */
  readonly cacheLimit: number;
  readonly host: Host;
  /** Called if somebody else takes the directory. */
  readonly onLost: () => void;
  /** Called for what cannot be removed. */
  readonly onTrouble: (error: unknown) => void;
}

/** Takes the directory, and removes what a worker that was killed has left there. */
export async function openWorkplace(options: WorkplaceOptions): Promise<Workplace> {
  const { base, host, onLost } = options;
  const own = `${base}/.fjr-worker`;
  try {
    if (!existsSync(base)) mkdirSync(base, { recursive: true, mode: 0o700 });
    mkdirSync(own, { recursive: true, mode: 0o700 });
    chmodSync(own, 0o700);
  } catch (error) {
    throw unusable(base, error);
  }
  const lock = await takeLock(`${own}/lock`, host, { onLost });
  if (lock.kind === 'taken')
    throw new FjrError(
      'locked',
      `another worker (process ${lock.owner?.pid ?? 'unknown'} on ${lock.owner?.host ?? 'an unknown host'}) works in ${base}`,
      { hint: 'give this one a directory of its own with --path-base' },
    );
  const workplace = new LocalWorkplace(options, own, lock.unlock);
  try {
    await workplace.tidy();
  } catch (error) {
    await lock.unlock();
    throw unusable(base, error);
  }
  return workplace;
}

function unusable(base: string, cause: unknown): FjrError {
  if (cause instanceof FjrError) return cause;
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  const hint = filesystemHints[code] ?? 'name another directory with --path-base';
  return new FjrError('filesystem', `cannot work in ${base}: ${code}`, { hint, cause });
}

class LocalWorkplace implements Workplace {
  readonly base: string;
  readonly name: string;
  readonly project: string;
  readonly #own: string;
  readonly #host: Host;
  readonly #cacheLimit: number;
  readonly #unlock: () => Promise<void>;
  readonly #onTrouble: (error: unknown) => void;

  constructor(
    { base, host, cacheLimit, onTrouble }: WorkplaceOptions,
    own: string,
    unlock: () => Promise<void>,
  ) {
    this.base = base;
    this.#own = own;
    this.#host = host;
    this.#cacheLimit = cacheLimit;
    this.#onTrouble = onTrouble;
    this.#unlock = unlock;
    this.project = `${own}/project`;
    this.name = readOrMakeName(`${own}/name`);
  }

  /** After a worker that was killed. */
  async tidy(): Promise<void> {
    await this.#awaitGuardians();
    for (const name of ['jobs', 'cache', 'parts'])
      mkdirSync(`${this.#own}/${name}`, { recursive: true, mode: 0o700 });
    for (const id of readdirSync(`${this.#own}/jobs`))
      try {
        await this.removeJob(id);
      } catch (error) {
        // It may belong to a container's user: that is no reason to do nothing.
        this.#onTrouble(error);
      }
    for (const name of ['project', 'parts'])
      rmSync(`${this.#own}/${name}`, { recursive: true, force: true, maxRetries: 3 });
    mkdirSync(`${this.#own}/parts`, { mode: 0o700 });
  }

  /** What guarded the jobs of a killed worker kills them: until it has, their directories are not ours to remove. */
  async #awaitGuardians(): Promise<void> {
    const pods = `${this.project}/jobpods`;
    if (!existsSync(pods)) return;
    const guardians = readdirSync(pods).flatMap((pod) => this.#guardianOf(`${pods}/${pod}/crew.json`) ?? []);
    for (let looks = 0; looks < 200; looks++) {
      if (guardians.every((guardian) => this.#host.judge(guardian) !== 'alive')) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #guardianOf(crewFile: string): ProcessIdentity | undefined {
    try {
      const crew = JSON.parse(readFileSync(crewFile, 'utf8')) as ProcessIdentity & {
        readonly guardianPid: number;
        readonly guardianStarted: string;
      };
      return { ...crew, pid: crew.guardianPid, started: crew.guardianStarted };
    } catch {
      return undefined;
    }
  }

  makeJob(id: string, directories: readonly string[]): string {
    const directory = `${this.base}/${directoryName(id)}`;
    // Somebody else's: there must be no note that it may be removed.
    if (existsSync(directory)) throw cannotMake(directory, { code: 'EEXIST' });
    try {
      // The note first: whoever finds the directory knows that it may be removed.
      writeFileSync(`${this.#own}/jobs/${directoryName(id)}`, '', { mode: 0o600 });
      mkdirSync(directory);
    } catch (error) {
      throw cannotMake(directory, error);
    }
    for (const path of directories) this.#makeDirectory(directory, segmentsOf(path));
    return directory;
  }

  nameOf(id: string): string {
    return directoryName(id);
  }

  fileOf(id: string, path: string): string {
    const segments = segmentsOf(path);
    const name = segments.pop();
    if (name === undefined) throw new FjrError('bad-path', `"${path}" is no name of a file`);
    return `${this.#makeDirectory(`${this.base}/${directoryName(id)}`, segments)}/${name}`;
  }

  /** Step by step: a link on the way would lead out of the job's directory. */
  #makeDirectory(top: string, segments: readonly string[]): string {
    let directory = top;
    for (const segment of segments) {
      directory += `/${segment}`;
      try {
        mkdirSync(directory);
      } catch (error) {
        const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
        if (!isThere || !lstatSync(directory).isDirectory()) throw cannotMake(directory, error);
      }
    }
    return directory;
  }

  async removeJob(id: string): Promise<void> {
    const directory = `${this.base}/${directoryName(id)}`;
    try {
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new FjrError('filesystem', `cannot remove ${directory}: ${code}`, {
        hint: 'it may hold files of a container that belong to another user: remove it by hand',
        cause: error,
      });
    }
    await rm(`${this.#own}/jobs/${directoryName(id)}`, { force: true });
  }

  async removeTree(path: string): Promise<void> {
    if (path.startsWith(`${this.project}/`)) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  }

  passing(): string {
    return `${this.#own}/parts/${randomUUID()}`;
  }

  async newPart(): Promise<Part> {
    const path = this.passing();
    return new PartFile(path, await open(path, 'wx', 0o644));
  }

  async takeCached(hash: string, to: string): Promise<boolean> {
    const path = `${this.#own}/cache/${hash}`;
    try {
      // A copy, and no link: a job may change its inputs.
      await copyFile(path, to, constants.COPYFILE_FICLONE);
      const now = new Date();
      await utimes(path, now, now);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  async keepCached(part: Part, hash: string, to: string): Promise<void> {
    const { size } = part;
    if (size > this.#cacheLimit) {
      await part.moveTo(to);
      return;
    }
    const path = `${this.#own}/cache/${hash}`;
    await part.moveTo(path);
    await copyFile(path, to, constants.COPYFILE_FICLONE);
    await this.#boundCache();
  }

  /** What was of no use for longest goes first. */
  async #boundCache(): Promise<void> {
    const directory = `${this.#own}/cache`;
    const files = await Promise.all(
      (await readdir(directory)).map(async (name) => {
        const path = `${directory}/${name}`;
        const found = await stat(path).catch(() => undefined);
        return { path, size: found?.size ?? 0, usedAt: found?.mtimeMs ?? 0 };
      }),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.#cacheLimit) return;
      await rm(path, { force: true });
      total -= size;
    }
  }

  async close(): Promise<void> {
    rmSync(this.project, { recursive: true, force: true, maxRetries: 3 });
    await this.#unlock();
  }
}

/** Bytes that are written at a time: what comes from a network comes in smaller pieces. */
const writtenAtATime = 2 ** 18;

class PartFile implements Part {
  readonly path: string;
  readonly #file: FileHandle;
  #size = 0;
  #hash: Hash | undefined;
  /** What has come and is not yet written; the same memory again and again. */
  readonly #memory = Buffer.allocUnsafe(writtenAtATime);
  #gathered = 0;
  #isOpen = true;

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  get size(): number {
    return this.#size;
  }

  async hash(): Promise<string> {
    await this.#flush();
    return this.#hash?.copy().digest('hex') ?? '';
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const piece = rest.subarray(0, this.#memory.length - this.#gathered);
      this.#memory.set(piece, this.#gathered);
      this.#gathered += piece.length;
      this.#size += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#gathered === this.#memory.length) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#memory.subarray(0, this.#gathered);
    const start = this.#size - bytes.length;
    this.#hash?.update(bytes);
    for (let written = 0; written < bytes.length;) {
      const left = bytes.length - written;
      written += (await this.#file.write(bytes, written, left, start + written)).bytesWritten;
    }
    this.#gathered = 0;
  }

  async restart(hashed: boolean): Promise<void> {
    this.#gathered = 0;
    this.#size = 0;
    this.#hash = hashed ? createHash('sha256') : undefined;
    await this.#file.truncate(0);
  }

  async moveTo(path: string): Promise<void> {
    await this.#flush();
    await this.#close();
    await rename(this.path, path);
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.path, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

/** What the directory of a job with this id is called. */
function directoryName(id: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,199}$/.test(id)) return id;
  return `job-${createHash('sha256').update(id).digest('hex').slice(0, 20)}`;
}

/** The steps of a path in a job's directory, none of which leads out of it. */
function segmentsOf(path: string): string[] {
  const bad = (why: string): FjrError =>
    new FjrError('bad-path', `the path ${JSON.stringify(path)} ${why}`, {
      hint: "expected a path in the job's directory",
    });
  if (path.startsWith('/')) throw bad('is absolute');
  if (path.includes('\0')) throw bad('holds a NUL byte');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw bad('leads upwards');
  return segments;
}

function cannotMake(path: string, cause: unknown): FjrError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  const hint = filesystemHints[code] ?? 'see what lies there, and remove it if nobody needs it';
  return new FjrError('filesystem', `cannot make ${path}: ${code}`, { hint, cause });
}

function readOrMakeName(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const name = randomUUID();
    writeFileSync(path, `${name}\n`, { mode: 0o600 });
    return name;
  }
}
