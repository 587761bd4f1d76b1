import { type Query, Refusal, ask, jobRoute } from '../ask-server.js';
import { button, element, section, setText } from '../elements.js';
import { LogPane } from '../log-pane.js';
import { bytes } from '../words.js';

/** Bytes that are read of what a job has printed so far. */
const tailBytes = 128 * 1024;

/** Milliseconds. */
const followAgainAfter = 2000;

type Stream = 'out' | 'err';
const titles: Readonly<Record<Stream, string>> = { out: 'Standard output', err: 'Standard error' };

/** Whose log it is. */
interface LogOf {
  /** The section's id, and its heading. */
  readonly section: string;
  readonly title: string;
  /** Where it is asked for. */
  readonly route: (id: string, query: Query) => string;
}

const ofJob: LogOf = {
  section: 'log',
  title: 'Log',
  route: (id, query) => jobRoute(id, '/log', query),
};

/** What a job printed, and while it runs what it prints. */
export class LogPanel {
  readonly root: HTMLElement;
  readonly #route: LogOf['route'];
  readonly #pane = new LogPane('Log');
  readonly #note = element('p', { class: 'words' });
  readonly #tabs: Readonly<Record<Stream, HTMLButtonElement>>;
  #stream: Stream = 'out';
  #id: string | undefined;
  #isLive = false;
  #reading: AbortController | undefined;

  constructor({ section: id, title, route }: LogOf = ofJob) {
    this.#route = route;
    const tab = (stream: Stream): HTMLButtonElement =>
      button(titles[stream], () => this.#choose(stream), 'quiet');
    this.#tabs = { out: tab('out'), err: tab('err') };
    const { root, head } = section(id, title, this.#pane.root, this.#note);
    head.append(
      element(
        'div',
        { class: 'aside tabs', role: 'group', 'aria-label': 'Which' },
        this.#tabs.out,
        this.#tabs.err,
      ),
    );
    this.root = root;
    this.#mark();
  }

  /** Begins anew when it is another execution, or when one that is followed has ended without our hearing its end. */
  show(id: string, isLive: boolean, prefersErrors: boolean): void {
    if (id === this.#id && isLive === this.#isLive) return;
    const isOther = id !== this.#id;
    if (isOther && this.#id === undefined && prefersErrors) this.#stream = 'err';
    const wasLive = this.#isLive;
    this.#id = id;
    this.#isLive = isLive;
    // One that has ended is heard to its end by the request that follows it.
    if (isOther || !wasLive) this.#begin();
    else this.#say();
  }

  close(): void {
    this.#reading?.abort();
  }

  #choose(stream: Stream): void {
    this.#stream = stream;
    this.#begin();
  }

  #mark(): void {
    for (const stream of ['out', 'err'] as const)
      this.#tabs[stream].setAttribute('aria-pressed', String(stream === this.#stream));
    this.#pane.root.setAttribute('aria-label', titles[this.#stream]);
  }

  #begin(): void {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#mark();
    this.#pane.clear();
    this.#say();
    this.#read(reading.signal).catch((error: unknown) => {
      if (!reading.signal.aborted)
        setText(this.#note, error instanceof Error ? error.message : String(error));
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const id = this.#id ?? '';
    let size = await this.#readEnd(id, signal);
    for (let goesOn = this.#isLive; goesOn && !signal.aborted;) {
      // What was cut off is followed again from there; what has ended meanwhile, once more to its end.
      goesOn = this.#isLive;
      size += await this.#follow(id, size, signal);
      if (goesOn) await pause(followAgainAfter, signal);
    }
    if (!signal.aborted) this.#say();
  }

  /** Returns where what comes next begins. */
  async #readEnd(id: string, signal: AbortSignal): Promise<number> {
    const path = this.#route(id, { stream: this.#stream });
    try {
      const response = await ask(path, { signal, headers: { Range: `bytes=-${tailBytes}` } });
      const [, from = '0', size] =
        /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '') ?? [];
      const read = new Uint8Array(await response.arrayBuffer());
      this.#pane.add(new TextDecoder().decode(read));
      if (Number(from) > 0) this.#pane.cut = true;
      this.#say(size === undefined ? undefined : Number(size));
      return size === undefined ? read.byteLength : Number(size);
    } catch (error) {
      // Nothing yet, or nothing at all.
      if (error instanceof Refusal && (error.status === 404 || error.status === 416)) return 0;
      throw error;
    }
  }

  /** Returns how many bytes have come. */
  async #follow(id: string, from: number, signal: AbortSignal): Promise<number> {
    const path = this.#route(id, { stream: this.#stream, follow: 1 });
    const decoder = new TextDecoder();
    let heard = 0;
    try {
      const response = await ask(path, { signal, headers: { Range: `bytes=${from}-` } });
      const reader = response.body?.getReader();
      for (;;) {
        const chunk = await reader?.read();
        if (chunk?.value === undefined) return heard;
        heard += chunk.value.byteLength;
        this.#pane.add(decoder.decode(chunk.value, { stream: true }));
        this.#say();
      }
    } catch (error) {
      // Refusals are for who reads; that the connection is lost is said elsewhere.
      if (signal.aborted || error instanceof Refusal) throw error;
      return heard;
    }
  }

  #say(size?: number): void {
    const parts = [
      this.#pane.isEmpty ? (this.#isLive ? 'Nothing was printed yet.' : 'Nothing was printed.') : '',
      this.#pane.cut ? `Only the end is shown${size === undefined ? '' : ` of ${bytes(size)}`}.` : '',
      this.#isLive ? 'Followed as it grows.' : '',
    ];
    setText(this.#note, parts.filter((part) => part !== '').join(' '));
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
