/**
 * Amounts over time, in cells of one width, of a stream whose beginning, end and length nobody knows beforehand: when the
 * cells become too many, each two of them become one. All rows of a grid share its cells.
 */
export class TimeGrid {
  readonly #mostCells: number;
  readonly #rows: GridRow[] = [];
  #width = 1;
  #first = Infinity;
  #last = -Infinity;

  constructor(mostCells: number) {
    this.#mostCells = mostCells;
  }

  /** Of a cell, in milliseconds: a power of two. */
  get width(): number {
    return this.#width;
  }

  /** When the first cell begins, in milliseconds since 1970. */
  get start(): number {
    return this.cells === 0 ? 0 : this.cellOf(this.#first) * this.#width;
  }

  /** How many there are from the first to the last that is in use. */
  get cells(): number {
    return this.#last < this.#first ? 0 : this.cellOf(this.#last) - this.cellOf(this.#first) + 1;
  }

  row(): GridRow {
    const row = new GridRow(this);
    this.#rows.push(row);
    return row;
  }

  /** How many of these moments lie in each cell; each was included before. */
  count(moments: readonly (number | undefined)[]): number[] {
    const counts = Array.from({ length: this.cells }, () => 0);
    for (const moment of moments) {
      const cell = moment === undefined ? -1 : this.cellOf(moment) - this.cellOf(this.#first);
      if (cell >= 0) counts[cell] = (counts[cell] ?? 0) + 1;
    }
    return counts;
  }

  /** The number of the cell in which a moment lies, counted from 1970. */
  cellOf(moment: number): number {
    return Math.floor(moment / this.#width);
  }

  include(moment: number): void {
    this.#first = Math.min(this.#first, moment);
    this.#last = Math.max(this.#last, moment);
    while (this.cells > this.#mostCells) {
      this.#width *= 2;
      for (const row of this.#rows) row.halve();
    }
  }
}

export class GridRow {
  readonly #grid: TimeGrid;
  /** By the cell's number; empty ones are left out. */
  #amounts = new Map<number, number>();

  constructor(grid: TimeGrid) {
    this.#grid = grid;
  }

  /** An amount at a moment, in milliseconds since 1970. */
  add(moment: number, amount = 1): void {
    this.#grid.include(moment);
    this.#put(this.#grid.cellOf(moment), amount);
  }

  /** The time from one moment to another: each cell gets the milliseconds of it that lie there. */
  cover(from: number, to: number): void {
    this.#grid.include(from);
    this.#grid.include(to);
    const { width } = this.#grid;
    const last = this.#grid.cellOf(to);
    for (let cell = this.#grid.cellOf(from); cell <= last; cell += 1) {
      const part = Math.min(to, (cell + 1) * width) - Math.max(from, cell * width);
      if (part > 0) this.#put(cell, part);
    }
  }

  /** One number for each of the grid's cells. */
  amounts(): number[] {
    const first = this.#grid.cellOf(this.#grid.start);
    return Array.from({ length: this.#grid.cells }, (_, index) => this.#amounts.get(first + index) ?? 0);
  }

  /** Its grid's cells have become twice as wide. */
  halve(): void {
    const before = this.#amounts;
    this.#amounts = new Map();
    for (const [cell, amount] of before) this.#put(Math.floor(cell / 2), amount);
  }

  #put(cell: number, amount: number): void {
    this.#amounts.set(cell, (this.#amounts.get(cell) ?? 0) + amount);
  }
}
