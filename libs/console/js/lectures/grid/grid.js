import { ATTENDANCE_STATES, ENROLLMENT_STATES } from "../../labels.js";
import { fill, h } from "../../ui/dom.js";
import { wordBadge } from "../../ui/table.js";
import { dateWord, orderWord, sessionLine } from "../words.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./model.js").Place} Place */

const HEAD = -1; // the row of the sessions' names
const LEAP = 10;
const BY_KEY = new Map(Object.entries(ATTENDANCE_STATES).filter(([, { key }]) => key).map(([status, { key }]) => [key, status]));
BY_KEY.set("Delete", "UNSET");
BY_KEY.set("Backspace", "UNSET");

/**
 * The grid of attendance (ARIA grid): one cell at a time takes the focus, arrows move it, keys mark. It only shows and tells;
 * 30,000 cells have three listeners between them, and rows out of sight are not laid out (content-visibility).
 * Fires "move", and with a detail "mark" ({ place, status }), "memo" (place), "column" (number).
 */
export class Grid extends EventTarget {
  /** @type {Model | null} */ #model = null;
  /** @type {HTMLElement[]} */ #rows = [];
  /** @type {number[]} */ #shown = [];
  /** @type {Place} */ #at = { row: 0, column: 0 };
  /** @type {HTMLElement | null} */ #open = null;

  constructor() {
    super();
    this.node = h("div", {
      class: "grid", role: "grid", "aria-label": "출결표", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#onKey(event),
      onclick: (/** @type {MouseEvent} */ event) => this.#onClick(event), ondblclick: () => this.#tell("memo", this.#at),
    });
    this.frame = h("div", { class: "grid-frame" }, this.node);
  }

  /** @returns {Place | null} where the focus is, or was; null: on no student */
  get place() {
    return this.#at.row === HEAD || !this.#rows[this.#at.row] ? null : this.#at;
  }

  /** @returns {number} */
  get column() {
    return this.#at.column;
  }

  /** Draw everything anew, the focus where it was as far as it is still there. */
  show(/** @type {Model} */ model, /** @type {number} */ column = this.#at.column) {
    const focused = this.node.contains(document.activeElement);
    this.#model = model;
    this.#rows = bodyRows(model);
    fill(this.node, headRow(model), ...this.#rows);
    this.node.setAttribute("aria-rowcount", String(model.students.length + 1));
    this.node.setAttribute("aria-colcount", String(model.sessions.length + 1));
    this.#shown = this.#rows.map((_, row) => row);
    this.#open = null;
    for (const [row] of model.students.entries()) for (const [at] of model.sessions.entries()) this.paint({ row, column: at });
    for (const [at] of model.sessions.entries()) this.count(at);
    this.#go({ row: Math.min(this.#at.row, this.#rows.length - 1), column: Math.min(column, model.sessions.length - 1) }, focused);
  }

  /** Leave only these students in sight. @returns {number} how many they are */
  filter(/** @type {(row: number) => boolean} */ wanted) {
    this.#shown = [];
    for (const [row, node] of this.#rows.entries()) {
      node.hidden = !wanted(row);
      if (!node.hidden) this.#shown.push(row);
    }
    if (this.#at.row !== HEAD && !this.#shown.includes(this.#at.row)) this.#go({ row: this.#shown[0] ?? HEAD, column: this.#at.column }, false);
    return this.#shown.length;
  }

  /** Show what a mark is; `status` before the service has it. */
  paint(/** @type {Place} */ place, /** @type {string | null} */ status = null) {
    const mark = this.#model?.mark(place);
    const cell = this.#cell(place);
    if (!cell || !mark) return;
    const state = ATTENDANCE_STATES[status ?? mark.status];
    cell.firstChild ? (/** @type {Text} */ (cell.firstChild).data = state.label) : cell.append(state.label);
    cell.dataset.tone = state.tone;
    if (status) cell.dataset.saving = "";
    else delete cell.dataset.saving;
    if (!mark.memo && !cell.title) return;
    cell.title = mark.memo;
    cell.setAttribute("aria-description", mark.memo && `메모: ${mark.memo}`);
  }

  /** Tell how many of a session are not marked. */
  count(/** @type {number} */ column) {
    const left = this.#model?.unset(column) ?? 0;
    const told = this.node.querySelector(`[data-column="${column}"] .grid-left`);
    if (told) told.textContent = left ? `미입력 ${left}` : "";
  }

  focus() {
    this.#go(this.#at, true);
  }

  /** The student below, as after a mark. */
  next() {
    this.#step(1);
  }

  #cell(/** @type {Place} */ { row, column }) {
    const line = row === HEAD ? this.node.firstElementChild : this.#rows[row];
    const cell = /** @type {HTMLElement | undefined} */ (line?.children[column + 1]);
    return row === HEAD ? /** @type {HTMLElement | null} */ (cell?.firstElementChild ?? null) : cell ?? null;
  }

  #go(/** @type {Place} */ to, /** @type {boolean} */ focus) {
    this.#open?.setAttribute("tabindex", "-1");
    const cell = this.#cell(to) ?? this.#cell({ row: HEAD, column: Math.max(0, to.column) });
    this.#at = cell === this.#cell(to) ? to : { row: HEAD, column: Math.max(0, to.column) };
    this.#open = cell;
    cell?.setAttribute("tabindex", "0");
    if (focus && cell) {
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.#tell("move", this.#at);
  }

  /** Bring the present column into sight without taking the focus. */
  reveal() {
    this.#cell({ row: HEAD, column: this.#at.column })?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  /** Down or up among the students that are in sight; above the first are the sessions. */
  #step(/** @type {number} */ by) {
    const here = this.#at.row === HEAD ? HEAD : this.#shown.indexOf(this.#at.row);
    const there = Math.min(Math.max(here + by, HEAD), this.#shown.length - 1);
    this.#go({ row: there === HEAD ? HEAD : this.#shown[there], column: this.#at.column }, true);
  }

  #sideways(/** @type {number} */ column) {
    this.#go({ row: this.#at.row, column: Math.min(Math.max(column, 0), (this.#model?.sessions.length ?? 1) - 1) }, true);
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    if (event.altKey || event.isComposing || event.target instanceof HTMLAnchorElement) return;
    const all = event.ctrlKey || event.metaKey;
    const { column } = this.#at;
    const moves = /** @type {Record<string, () => void>} */ ({
      ArrowDown: () => this.#step(1), ArrowUp: () => this.#step(-1), ArrowLeft: () => this.#sideways(column - 1), ArrowRight: () => this.#sideways(column + 1),
      PageDown: () => this.#step(LEAP), PageUp: () => this.#step(-LEAP),
      Home: () => (all ? this.#step(-this.#rows.length) : this.#sideways(0)), End: () => (all ? this.#step(this.#rows.length) : this.#sideways(Infinity)),
    });
    const status = all || event.shiftKey ? undefined : BY_KEY.get(event.key);
    if (moves[event.key] && (!all || ["Home", "End"].includes(event.key))) moves[event.key]();
    else if (status && this.place) this.#tell("mark", { place: this.#at, status });
    else if (event.key === "Enter" || event.key === " ") this.#enter();
    else return;
    event.preventDefault();
  }

  #enter() {
    if (this.place) this.#tell("memo", this.#at);
    else this.#tell("column", this.#at.column);
  }

  #onClick(/** @type {MouseEvent} */ event) {
    const cell = /** @type {HTMLElement} */ (event.target).closest("[role=gridcell], [data-column]");
    if (!(cell instanceof HTMLElement)) return;
    const head = cell.dataset.column;
    if (head !== undefined) {
      this.#go({ row: HEAD, column: Number(head) }, true);
      this.#tell("column", Number(head));
    } else {
      const line = /** @type {HTMLElement} */ (cell.parentElement);
      this.#go({ row: Number(line.dataset.row), column: [...line.children].indexOf(cell) - 1 }, true);
    }
  }

  #tell(/** @type {string} */ what, /** @type {unknown} */ detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}

function headRow(/** @type {Model} */ model) {
  const heads = model.sessions.map((session, column) => h("div", { class: "grid-session", role: "columnheader" },
    h("button", { type: "button", tabindex: "-1", "data-column": String(column), "aria-label": `${sessionLine(session)}, 한꺼번에 바꾸기`, title: session.title },
      h("strong", {}, orderWord(session)), h("span", { class: "grid-day" }, dateWord(session.date)), h("span", { class: "grid-left" }))));
  return h("div", { class: "grid-row grid-head", role: "row" }, h("div", { class: "grid-name", role: "columnheader" }, "학생"), ...heads);
}

/** One row is made, the others are its copies: 30,000 cells in the time of a few hundred. */
function bodyRows(/** @type {Model} */ model) {
  const pattern = h("div", { class: "grid-row", role: "row" }, ...model.sessions.map(() => h("div", { class: "cell", role: "gridcell", tabindex: "-1" })));
  return model.students.map((student, row) => {
    const line = /** @type {HTMLElement} */ (pattern.cloneNode(true));
    line.dataset.row = String(row);
    line.prepend(h("div", { class: "grid-name", role: "rowheader" }, h("a", { href: `#/students/${student.student_id}`, tabindex: "-1" }, student.name),
      student.enrollment_status !== "ACTIVE" && wordBadge(ENROLLMENT_STATES, student.enrollment_status)));
    for (const [column, session] of model.sessions.entries()) if (!student.attendance[session.id]) line.children[column + 1].setAttribute("data-tone", "out");
    return line;
  });
}
