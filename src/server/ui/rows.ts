/** One row, or anything else of which there are many, and how it shows what it is given. */
export interface Row<T> {
  readonly root: HTMLElement;
  show(item: T): void;
}

/**
 * Shows a list as rows. A row belongs to its item for as long as that is in the list: it is moved and changed, and not
 * made anew, so that focus, selection and open details stay where they are.
 */
export class Rows<T> {
  readonly #body: HTMLElement;
  readonly #key: (item: T) => string;
  readonly #make: (item: T) => Row<T>;
  #rows = new Map<string, Row<T>>();

  constructor(body: HTMLElement, key: (item: T) => string, make: (item: T) => Row<T>) {
    this.#body = body;
    this.#key = key;
    this.#make = make;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** `still`: rows stay in their places, those of items that have left too, and no others come. */
  show(items: readonly T[], still = false): void {
    if (still && this.#rows.size > 0) this.#showStill(items);
    else this.#showAll(items);
  }

  #showStill(items: readonly T[]): void {
    const gone = new Map(this.#rows);
    for (const item of items) {
      const key = this.#key(item);
      this.#rows.get(key)?.show(item);
      gone.delete(key);
    }
    for (const { root } of gone.values()) root.classList.add('gone');
  }

  #showAll(items: readonly T[]): void {
    const rows = new Map<string, Row<T>>();
    let place = this.#body.firstElementChild;
    const before = this.#rows;
    for (const item of items) {
      const key = this.#key(item);
      if (rows.has(key)) continue;
      const row = before.get(key) ?? this.#make(item);
      before.delete(key);
      rows.set(key, row);
      row.root.classList.remove('gone');
      row.show(item);
      if (row.root === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.root, place);
    }
    for (const { root } of before.values()) root.remove();
    this.#rows = rows;
  }
}

/**
 * Whether somebody is about to choose something in a list, with the pointer over it or the focus in it: what moves away
 * under one's finger cannot be chosen.
 */
export class Still {
  #pointer = false;
  #focus = false;

  /** `released`: they are not any more. */
  constructor(list: HTMLElement, released: () => void) {
    list.addEventListener('pointerenter', ({ pointerType }) => {
      this.#pointer = pointerType === 'mouse';
      this.#mark(list);
    });
    list.addEventListener('pointerleave', () => {
      this.#pointer = false;
      this.#mark(list);
      if (!this.held) released();
    });
    list.addEventListener('focusin', () => {
      this.#focus = true;
      this.#mark(list);
    });
    list.addEventListener('focusout', ({ relatedTarget }) => {
      this.#focus = relatedTarget instanceof Node && list.contains(relatedTarget);
      this.#mark(list);
      if (!this.held) released();
    });
  }

  get held(): boolean {
    return this.#pointer || this.#focus;
  }

  #mark(list: HTMLElement): void {
    list.classList.toggle('still', this.held);
  }
}
