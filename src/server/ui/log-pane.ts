import { element } from './elements.js';
import { plainLog } from './log-text.js';

/** Characters that are held; what came before goes. */
const mostHeld = 400_000;
/** A line that does not end is shown as it is, piece by piece. */
const longestLine = 32_000;
/** Pixels from the end within which one still reads the end. */
const nearEnd = 24;

/** What a job printed, as it grows. Its last line may be written over, as progress bars do. */
export class LogPane {
  readonly root: HTMLPreElement;
  readonly #last = document.createTextNode('');
  #unfinished = '';
  #held = 0;
  /** Whether something was left out at the beginning. */
  cut = false;

  constructor(label: string) {
    this.root = element('pre', { class: 'log', tabindex: '0', role: 'region', 'aria-label': label });
    this.root.append(this.#last);
  }

  get isEmpty(): boolean {
    return this.#held === 0 && this.#unfinished === '';
  }

  clear(): void {
    this.root.replaceChildren(this.#last);
    this.#last.data = '';
    this.#unfinished = '';
    this.#held = 0;
    this.cut = false;
  }

  add(text: string): void {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    const readsEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    const raw = this.#unfinished + text;
    const end = raw.length - raw.lastIndexOf('\n') > longestLine ? raw.length : raw.lastIndexOf('\n') + 1;
    if (end > 0) this.#append(plainLog(raw.slice(0, end)));
    this.#unfinished = raw.slice(end);
    this.#last.data = plainLog(this.#unfinished);
    if (readsEnd) this.root.scrollTop = this.root.scrollHeight;
  }

  #append(text: string): void {
    this.root.insertBefore(document.createTextNode(text), this.#last);
    this.#held += text.length;
    for (
      let [first] = this.root.childNodes;
      this.#held > mostHeld && first !== this.#last;
      [first] = this.root.childNodes
    ) {
      this.#held -= first?.textContent?.length ?? 0;
      first?.remove();
      this.cut = true;
    }
  }
}
