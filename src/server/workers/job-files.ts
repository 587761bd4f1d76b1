import { basename, dirname, join, normalize } from 'node:path';
import { type UploadType, uploadTypes } from '../../job/decode/decode-job.js';
import { type DirectoryEntry, expandGlob } from '../../job/fan-out-file/glob.js';
import { jobFileLimit, readJob } from '../../job/read-job.js';
import { JobFileError } from '../../job/settings.js';
import { parseEntryName } from '../../queue/entry-name.js';
import type { Slice } from '../../job/fan-out.js';
import { outputName, outputPath, sliceOf } from './slices.js';
import type { LogStream } from '../../queue/layout.js';
import type { Files } from '../../system/files.js';
import type { TreeFile } from '../../system/trees.js';
import { describeFailure } from '../describe-failure.js';
import type { Served } from '../served.js';
import { decodeJobOf, parseFileId } from './job-specs.js';
import type { Held } from './remote-crew.js';
import { isBelow } from './schemas.js';
import { type Allowance, Sending, TooMuch, UploadLimit } from './upload-limit.js';

/** Of one job. */
const mostFiles = 100_000;

const streams: readonly LogStream[] = ['out', 'err'];

/** The image of a run, if it was made for it: also the name by which a worker asks for it. */
const runImage = 'image.tar';

/** One execution of a job. */
type Execution = Pick<Held, 'entry' | 'job' | 'content'>;

/** Where a file is to go, and the directory that no link may lead it out of. */
interface Placed {
  readonly from: string;
  readonly to: string;
  readonly within: string | undefined;
}

/** Where a file is that a worker asks for. */
interface Source {
  readonly top: string;
  readonly below: string;
  readonly name: string;
}

/**
 * Files that go to workers and come from them. What an execution sends is kept apart, below `work/ENTRY/uploads`, until
 * it is the one that counts: whoever has lost its job changes nothing.
 */
export class JobFiles {
  readonly #served: Served;
  /** The directory of files that DECODE's jobs name. */
  readonly #root: string;
  readonly #inputs = new WeakMap<Held, ReadonlySet<string>>();
  readonly #limit: UploadLimit<Held>;
  /** Entries whose files are being put in their places. */
  readonly #moving = new Set<string>();

  constructor(served: Served, root: string) {
    this.#served = served;
    this.#root = root;
    this.#limit = new UploadLimit(served.workers.uploadLimit, served.staging);
  }

  /** The files that a job's `inputs` name, as paths below its directory. */
  inputsOf(held: Held): string[] {
    return [...this.#inputsOf(held)];
  }

  /** As they were when the job was given out. */
  #inputsOf(held: Held): ReadonlySet<string> {
    const known = this.#inputs.get(held);
    if (known !== undefined) return known;
    const { job } = held;
    const directory = this.#directoryOf(job.workdir);
    const look = (path: string): readonly DirectoryEntry[] =>
      this.#served.staging.look(join(directory, path));
    const inputs = new Set(filesMatching(job.inputs, look));
    this.#inputs.set(held, inputs);
    return inputs;
  }

  /** A file that a worker may have, since it holds a job that names it. */
  async open(fileId: string, held: Iterable<Held>): Promise<TreeFile | 'forbidden' | 'missing'> {
    if (!isBelow(fileId)) return 'forbidden';
    for (const one of held) {
      const source = await this.#sourceFor(fileId, one);
      if (source !== undefined)
        return (await this.#served.trees.open(source.top, source.below, source.name)) ?? 'missing';
    }
    return 'forbidden';
  }

  async #sourceFor(fileId: string, held: Held): Promise<Source | undefined> {
    const decode = decodeJobOf(held);
    if (decode !== undefined) {
      const files = Object.values(decode.submitted.job.handler.files_down ?? {});
      if (!files.includes(fileId)) return undefined;
      return this.#below(this.#root, this.#belowRoot(fileId));
    }
    const named = parseFileId(fileId);
    if (named?.job !== held.id) return undefined;
    const { layout } = this.#served;
    const slice = sliceOf(held);
    if (slice !== undefined && named.path === runImage)
      return { top: layout.jobqueue, below: slice.of, name: runImage };
    if (named.path === '')
      return { top: layout.pod(held.crew.id).directory, below: 'running', name: held.entry };
    if (!this.#inputsOf(held).has(named.path)) return undefined;
    return this.#below(this.#directoryOf(held.job.workdir), named.path);
  }

  /** A file below a directory that may be reached through links. */
  async #below(directory: string, name: string): Promise<Source> {
    const real = await this.#served.staging.real(directory);
    return { top: dirname(real), below: basename(real), name };
  }

  /**
   * Takes what an execution sends. `directory`: where it lay below the job's directory. `gone`: it has lost its job
   * meanwhile, and what it sent is removed.
   */
  async receive(
    held: Held,
    type: UploadType,
    directory: string,
    name: string,
    content: AsyncIterable<Uint8Array>,
  ): Promise<'received' | 'gone' | 'no-place' | 'too-much'> {
    const { staging } = this.#served;
    const path = join(this.#uploads(held.entry), type, directory, name);
    const sending = new Sending(await this.allowanceOf(held), await this.#limit.replaced(path));
    if (!sending.begin()) return 'too-much';
    let isKept = false;
    try {
      const result = await staging.receive(path, sending.watch(content), () => held.crew.has(held));
      isKept = result === 'received';
      if (result !== 'unwanted') return result;
    } catch (error) {
      if (error instanceof TooMuch) return 'too-much';
      throw error;
    } finally {
      sending.end(isKept);
    }
    if (!this.#counts(held)) await this.discard(held);
    return 'gone';
  }

  /** What an execution may still send. */
  async allowanceOf(held: Held): Promise<Allowance> {
    return this.#limit.of(held, this.#uploads(held.entry));
  }

  /** Whether what an execution has sent is on its way to its places, or may be: it has ended, and somebody has accepted it. */
  #counts({ entry }: Held): boolean {
    const { files, layout } = this.#served;
    if (this.#moving.has(entry)) return true;
    return (['done', 'failed'] as const).some((verdict) => files.exists(layout.finished(verdict, entry)));
  }

  /** The streams of which there is a log, or of which an execution has sent what was printed. */
  printedBy({ entry, job }: Execution): LogStream[] {
    const isDecode = job.command.kind === 'decode';
    const sent = isDecode ? [] : this.#filesBelow(join(this.#uploads(entry), 'log'));
    return streams.filter((stream) => sent.includes(stream) || this.#hasLog(entry, stream));
  }

  /**
   * Puts what an accepted execution has sent in its places; `logs/J.out` follows it. What is done already is passed over;
   * the outcome stands.
   */
  async publish(held: Execution): Promise<void> {
    const { entry } = held;
    const { files, layout } = this.#served;
    await this.#move(this.#places(held, this.#uploads(entry)), held);
    const { job } = parseEntryName(entry);
    for (const stream of streams)
      if (this.#hasLog(entry, stream)) files.pointTo(layout.log(job, stream), `${entry}.${stream}`);
  }

  #hasLog(entry: string, stream: LogStream): boolean {
    const { files, layout } = this.#served;
    return files.exists(layout.log(entry, stream));
  }

  async #move(places: readonly Placed[], { entry }: Pick<Execution, 'entry'>): Promise<void> {
    this.#moving.add(entry);
    try {
      if (await this.#moveAll(places, entry)) await this.discard({ entry });
    } finally {
      this.#moving.delete(entry);
    }
  }

  /** Whether all are in their places. */
  async #moveAll(places: readonly Placed[], entry: string): Promise<boolean> {
    const { staging, remark } = this.#served;
    let isWhole = true;
    for (const { from, to, within } of places)
      try {
        await staging.publish(from, to, within);
      } catch (error) {
        isWhole = false;
        const { code } = error as NodeJS.ErrnoException;
        const why = obstacles[code ?? ''] ?? describeFailure(error);
        remark(`${entry}: ${to} cannot be written, and stays at ${from}: ${why}`);
      }
    return isWhole;
  }

  /** The logs of an execution that is to be tried again. */
  async keepLogs(held: Execution): Promise<void> {
    const logs = this.#places(held, this.#uploads(held.entry), ['log']);
    await this.#move(held.job.command.kind === 'decode' ? [] : logs, held);
  }

  /** What tasks of a slice have printed, where that is much: each file's name says which execution it is of. */
  async publishOutputs(held: Execution, slice: Slice): Promise<void> {
    const { staging } = this.#served;
    const logs = join(this.#uploads(held.entry), 'log');
    const places = staging.look(logs).flatMap(({ name }): Placed[] => {
      const output = outputName(slice, held.entry, name);
      if (output === undefined) return [];
      return [{ from: join(logs, name), to: outputPath(this.#served, slice, output), within: undefined }];
    });
    await this.#move(places, held);
  }

  /** What a server that was killed has left: of executions that count it is put in its places, the rest is removed. */
  async recover(): Promise<void> {
    const { staging, layout, files } = this.#served;
    const pods = staging.look(layout.jobpods).filter(({ kind }) => kind === 'directory');
    for (const { name: entry } of staging.look(layout.workDirectories)) {
      if (staging.look(layout.work(entry)).every(({ name }) => name !== 'uploads')) continue;
      if (pods.some(({ name }) => files.exists(`${layout.jobpods}/${name}/running/${entry}`))) continue;
      const paths = (['done', 'failed'] as const).map((verdict) => layout.finished(verdict, entry));
      const execution = paths
        .map((path) => readExecution(files, path, entry))
        .find((read) => read !== undefined);
      try {
        await (execution === undefined ? this.discard({ entry }) : this.publish(execution));
      } catch (error) {
        this.#served.remark(`${entry}: ${describeFailure(error)}`);
      }
    }
  }

  /** What an execution has sent is of no use. */
  async discard({ entry }: Pick<Execution, 'entry'>): Promise<void> {
    await this.#served.staging.remove(this.#served.layout.work(entry));
  }

  #places(held: Execution, uploads: string, types: readonly UploadType[] = uploadTypes): Placed[] {
    const { layout, staging } = this.#served;
    const decode = decodeJobOf(held);
    const places: Placed[] = [];
    if (decode !== undefined) {
      for (const [type, target] of Object.entries(decode.submitted.paths_upload))
        for (const path of this.#filesBelow(join(uploads, type)))
          places.push({
            from: join(uploads, type, path),
            to: join(this.#root, this.#belowRoot(target), path),
            within: this.#root,
          });
      return places;
    }
    for (const stream of streams)
      for (const path of this.#filesBelow(join(uploads, 'log')))
        if (path === stream)
          places.push({
            from: join(uploads, 'log', path),
            to: layout.log(held.entry, stream),
            within: undefined,
          });
    if (!types.includes('output')) return places;
    const sent = join(uploads, 'output');
    const directory = this.#directoryOf(held.job.workdir);
    for (const path of filesMatching(held.job.outputs, (below) => staging.look(join(sent, below))))
      places.push({ from: join(sent, path), to: join(directory, path), within: directory });
    return places;
  }

  #filesBelow(directory: string, prefix = ''): string[] {
    return this.#served.staging
      .look(join(directory, prefix))
      .flatMap(({ name, kind }) =>
        kind === 'file' ? [join(prefix, name)] : this.#filesBelow(directory, join(prefix, name)),
      );
  }

  #uploads(entry: string): string {
    return `${this.#served.layout.work(entry)}/uploads`;
  }

  /** Paths may be written as they are on this host. */
  #belowRoot(path: string): string {
    return path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length + 1) : path;
  }

  #directoryOf(workdir: string | undefined): string {
    return this.#served.resolveDirectory(workdir);
  }
}

const obstacles: Readonly<Record<string, string>> = {
  EISDIR: 'a directory is in its way',
  EEXIST: 'a file is where its directory would be',
  ENOTDIR: 'a file is where its directory would be',
};

function readExecution(files: Files, path: string, entry: string): Execution | undefined {
  const inspected = files.inspect(path, jobFileLimit);
  if (inspected.kind !== 'file') return undefined;
  try {
    return {
      entry,
      content: inspected.head,
      job: readJob({ ...inspected, name: parseEntryName(entry).job }),
    };
  } catch (error) {
    if (error instanceof JobFileError) return undefined;
    throw error;
  }
}

/** Files that match one of the patterns, or lie below a directory that does. */
function filesMatching(
  patterns: readonly string[],
  look: (path: string) => readonly DirectoryEntry[],
): string[] {
  const files = new Set<string>();
  const list = (path: string): readonly DirectoryEntry[] => {
    const entries = look(path);
    for (const { name, kind } of entries) if (kind === 'file') files.add(normalize(path + name));
    return entries;
  };
  const found = new Set<string>();
  for (const pattern of patterns)
    for (const each of [pattern, `${pattern}/**`])
      for (const path of expandGlob(each, list)) {
        const plain = normalize(path);
        if (files.has(plain) && isBelow(plain)) found.add(plain);
        if (found.size > mostFiles) break;
      }
  return [...found];
}
