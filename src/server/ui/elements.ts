type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/**
 * An element with what it holds. Strings become text and nothing else: this, and `textContent`, is how all that a job's
 * author could have written gets onto the page.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Changes a text only where it is another: what stands still need not be laid out, or read out, again. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string | undefined): void {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function button(words: string, press: () => void, className = ''): HTMLButtonElement {
  const made = element('button', { type: 'button', class: className === '' ? undefined : className }, words);
  made.addEventListener('click', press);
  return made;
}

/** A part of the page under a heading, by which screen readers find it. */
export function section(
  id: string,
  title: string,
  ...children: readonly Child[]
): { readonly root: HTMLElement; readonly head: HTMLElement } {
  const head = element('div', { class: 'head' }, element('h2', { id }, title));
  return { root: element('section', { 'aria-labelledby': id }, head, ...children), head };
}
