import { parseGangState } from '../../queue/fan-out-paths.js';
import { perform } from '../../queue/perform.js';
import { create, list, rename, unlink } from '../../queue/steps.js';
import { Gone, Refused, Unanswered } from './api-client.js';
import { pause } from './back-off.js';
import type { JoinedWorld } from './joined-world.js';
import type { SliceHere } from './slice-here.js';
import type { Output } from './uploads.js';

/** Bytes that are sent at a time. */
const atATime = 4 * 2 ** 20;
/** Milliseconds. */
const lookEvery = 1000;

/** Tells a server what tasks come to while their slice runs: what is there when we are lost counts. */
export class SliceMirror {
  readonly #world: JoinedWorld;
  readonly #id: string;
  readonly #slice: SliceHere;
  /** Bytes that the server has. */
  readonly #sent = { lines: 0, pack: 0 };
  readonly #sentOutputs = new Set<string>();

  constructor(world: JoinedWorld, id: string, slice: SliceHere) {
    this.#world = world;
    this.#id = id;
    this.#slice = slice;
  }

  /** Until the signal comes. `onGone`: the server does not want it any more. */
  async follow(signal: AbortSignal, onGone: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#followGang(signal);
        await this.send(signal);
      } catch (error) {
        if (isOver(signal)) return;
        if (error instanceof Gone) {
          onGone();
          return;
        }
        if (!(error instanceof Unanswered || error instanceof Refused)) throw error;
        if (error instanceof Refused) this.#world.report({ kind: 'trouble', id: this.#id, error });
      }
      await pause(lookEvery, signal);
    }
  }

  /** All that is there by now: outputs and packs first, then the lines that speak of them. Throws Gone. */
  async send(signal: AbortSignal): Promise<void> {
    const { files, crew } = this.#world;
    const { paths } = this.#slice;
    const { id } = crew;
    if (id === undefined) return;
    const lines = files.size(paths.outcomesOf(id)) ?? 0;
    if (lines <= this.#sent.lines) return;
    await this.#sendOutputs(signal);
    await this.#grow('pack', paths.packOf(id), files.size(paths.packOf(id)) ?? 0, signal);
    await this.#grow('lines', paths.outcomesOf(id), lines, signal);
  }

  /** What large outputs are: each a file of its own. */
  async #sendOutputs(signal: AbortSignal): Promise<void> {
    const { files, uploads } = this.#world;
    const { paths } = this.#slice;
    const names = (perform(files, list(paths.output)) ?? []).filter(
      (name) => /@.*\.(out|err)$/.test(name) && !this.#sentOutputs.has(name),
    );
    const outputs = names.map((name): Output => {
      const [top, below] = [paths.directory, 'output'];
      return { type: 'log', top, below, name, directory: '', fileName: name };
    });
    await uploads.send(this.#id, outputs, signal);
    for (const name of names) this.#sentOutputs.add(name);
  }

  async #grow(what: 'lines' | 'pack', path: string, size: number, signal: AbortSignal): Promise<void> {
    const { files, client } = this.#world;
    while (this.#sent[what] < size) {
      const offset = this.#sent[what];
      const bytes = files.readFrom(path, offset, Math.min(atATime, size - offset)) ?? new Uint8Array();
      // It may have part of it already, if an answer was lost.
      this.#sent[what] = await client.grow(this.#id, what, offset, bytes, signal);
      if (bytes.length === 0) return;
    }
  }

  /** What is decided of its gang is decided where the project is. */
  async #followGang(signal: AbortSignal): Promise<void> {
    if (this.#slice.gang === undefined) return;
    const { files, client } = this.#world;
    const { directory } = this.#slice.paths;
    const { state, content } = await client.gang(this.#id, signal);
    const names = perform(files, list(directory)) ?? [];
    if (parseGangState([state]) === undefined || names.includes(state)) return;
    const draft = `${directory}/.new.gang`;
    perform(files, create(draft, content));
    for (const name of names)
      if (parseGangState([name]) !== undefined) perform(files, unlink(`${directory}/${name}`));
    perform(files, rename(draft, `${directory}/${state}`));
  }
}

/** A function, since what is awaited may change it. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
