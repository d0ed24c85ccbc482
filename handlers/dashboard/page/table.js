/** A table that is filled anew each second: rows keep their elements, and only texts that differ are changed. */
import { element, setAttribute, setText } from "./dom.js";
import { count } from "./format.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} id
 * @property {string} label
 * @property {"number" | "text" | "short" | "actions"} [kind] text unless it says otherwise; short is text that is not wrapped
 * @property {(cell: HTMLElement, row: Row) => void} fill
 * @property {(row: Row) => number | string} [by] what it is sorted by; a column without it can't be sorted by
 */

/**
 * @template Row
 * @typedef {object} TableOptions
 * @property {string} name for screen readers
 * @property {readonly Column<Row>[]} columns
 * @property {(row: Row) => string} idOf
 * @property {string} empty what to show without rows
 * @property {number} [pageSize] rows of a page; all on one unless set
 * @property {{ column: string, falling: boolean }} [sort]
 * @property {(row: HTMLElement, of: Row) => void} [mark] sets classes
 */

/**
 * @template Row
 * @param {TableOptions<Row>} options
 */
export const createTable = (options) => new LiveTable(options);

/** @template Row */
export class LiveTable {
  /** @type {TableOptions<Row>} */
  #options;
  /** @type {readonly Row[]} */
  #rows = [];
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();
  /** Ids in the order of the last sort, for as long as the order must not change. @type {Map<string, number>} */
  #order = new Map();
  #sort;
  #page = 0;
  #body = element("tbody", { role: "rowgroup" });
  #empty = element("p", { class: "empty" });
  #pager = element("div", { class: "pager", hidden: "" });
  #range = element("span", { "aria-live": "off" });
  /** @type {HTMLElement} */
  element;
  /** @type {readonly (readonly [Column<Row>, HTMLElement])[]} */
  #heads;

  /** @param {TableOptions<Row>} options */
  constructor(options) {
    this.#options = options;
    this.#sort = options.sort;
    this.#heads = options.columns.map((column) => [column, this.#head(column)]);
    const head = element(
      "tr",
      { role: "row" },
      this.#heads.map(([, cell]) => cell),
    );
    const table = element("table", { role: "table", "aria-label": options.name }, [
      element("thead", { role: "rowgroup" }, [head]),
      this.#body,
    ]);
    this.#empty.textContent = options.empty;
    this.#makePager();
    this.element = element("div", { class: "live-table" }, [table, this.#empty, this.#pager]);
  }

  /** Shows `rows`. @param {readonly Row[]} rows */
  update(rows) {
    this.#rows = rows;
    this.#draw(this.#isInUse());
  }

  /** Goes back to the first page: the rows are others now. */
  toStart() {
    this.#page = 0;
    this.#draw(false);
  }

  /** While somebody points at a row or works in it, it stays where it is. */
  #isInUse() {
    return this.#body.matches(":hover, :focus-within");
  }

  /** @param {boolean} keepsOrder */
  #draw(keepsOrder) {
    const { idOf, pageSize = Number.POSITIVE_INFINITY } = this.#options;
    const sorted = keepsOrder ? this.#inKeptOrder() : this.#sorted();
    if (!keepsOrder) this.#order = new Map(sorted.map((row, index) => [idOf(row), index]));
    const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
    this.#page = Math.min(this.#page, pages - 1);
    const first = pageSize === Number.POSITIVE_INFINITY ? 0 : this.#page * pageSize;
    const visible = sorted.slice(first, first + pageSize);
    this.#put(visible);
    this.#empty.hidden = sorted.length > 0;
    this.#pager.hidden = pages === 1;
    setText(this.#range, `${count(first + 1)}–${count(first + visible.length)} of ${count(sorted.length)}`);
    const [back, forth] = this.#pager.querySelectorAll("button");
    if (back !== undefined) back.disabled = this.#page === 0;
    if (forth !== undefined) forth.disabled = this.#page === pages - 1;
  }

  /** @param {readonly Row[]} visible */
  #put(visible) {
    const { idOf, columns, mark } = this.#options;
    const before = this.#shown;
    const now = new Map();
    visible.forEach((row, index) => {
      const id = idOf(row);
      const shown = before.get(id) ?? this.#newRow();
      before.delete(id);
      now.set(id, shown);
      columns.forEach((column, at) => {
        const cell = shown.children[at];
        if (cell instanceof HTMLElement) column.fill(cell, row);
      });
      mark?.(shown, row);
      const there = this.#body.children[index] ?? null;
      if (there !== shown) this.#body.insertBefore(shown, there);
    });
    for (const gone of before.values()) gone.remove();
    this.#shown = now;
  }

  #newRow() {
    const cells = this.#options.columns.map(({ label, kind = "text" }, index) =>
      element(index === 0 ? "th" : "td", {
        class: kind,
        "data-label": label,
        ...(index === 0 ? { scope: "row", role: "rowheader" } : { role: "cell" }),
      }),
    );
    return element("tr", { role: "row" }, cells);
  }

  #sorted() {
    const sort = this.#sort;
    const by = this.#options.columns.find(({ id }) => id === sort?.column)?.by;
    if (sort === undefined || by === undefined) return this.#rows;
    const direction = sort.falling ? -1 : 1;
    return this.#rows.toSorted((a, b) => direction * compare(by(a), by(b)));
  }

  /** Rows that are new come last. */
  #inKeptOrder() {
    const placeOf = (/** @type {Row} */ row) =>
      this.#order.get(this.#options.idOf(row)) ?? Number.POSITIVE_INFINITY;
    return this.#rows
      .map((row) => /** @type {const} */ ([placeOf(row), row]))
      .toSorted(([a], [b]) => compare(a, b))
      .map(([, row]) => row);
  }

  /** @param {Column<Row>} column */
  #head(column) {
    const { id, label, kind = "text", by } = column;
    const cell = element("th", { scope: "col", role: "columnheader", class: kind });
    if (by === undefined) {
      cell.append(element("span", kind === "actions" ? { class: "hidden" } : {}, [label]));
      return cell;
    }
    const button = element("button", { type: "button" }, [label]);
    button.addEventListener("click", () => {
      const isSame = this.#sort?.column === id;
      this.#sort = { column: id, falling: isSame ? this.#sort?.falling === false : kind === "number" };
      this.#markSort();
      this.toStart();
    });
    cell.append(button);
    setAttribute(cell, "aria-sort", sortOf(this.#options.sort, id));
    return cell;
  }

  #markSort() {
    for (const [{ id, by }, cell] of this.#heads)
      setAttribute(cell, "aria-sort", by && sortOf(this.#sort, id));
  }

  #makePager() {
    const button = (/** @type {string} */ label, /** @type {number} */ step) => {
      const made = element("button", { type: "button" }, [label]);
      made.addEventListener("click", () => {
        this.#page += step;
        this.#draw(true);
      });
      return made;
    };
    this.#pager.append(this.#range, button("Previous", -1), button("Next", 1));
  }
}

/** @param {{ column: string, falling: boolean } | undefined} sort @param {string} id */
const sortOf = (sort, id) => (sort?.column !== id ? "none" : sort.falling ? "descending" : "ascending");

const words = new Intl.Collator("en", { numeric: true });

/** @param {number | string} a @param {number | string} b */
const compare = (a, b) =>
  typeof a === "string" || typeof b === "string" ? words.compare(String(a), String(b)) : a === b ? 0 : a - b;
