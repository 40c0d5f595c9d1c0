import { number } from "../format.js";
import { fill, h } from "./dom.js";
import { announce } from "./live.js";
import { errorNotice } from "./notice.js";
import { dataTable } from "./table.js";

/**
 * A list read page by page, from which rows can be picked.
 * Fires "picked" when the selection changes and "loaded" after each page.
 *
 * @typedef {{ id: string } & Record<string, any>} Row
 * @typedef {{ caption: string, columns: import("./table.js").Column[], unit: string, signal: AbortSignal,
 *             read: (cursor: string | null, signal: AbortSignal) => Promise<import("../api.js").Page>,
 *             cells: (row: any) => import("./dom.js").Child[][], empty: () => import("./dom.js").Child,
 *             name?: (row: any) => string }} Spec  `name` of a row for its checkbox; without it nothing can be picked
 */
export class Listing extends EventTarget {
  /** @type {Map<string, { row: Row, node: HTMLElement, box: HTMLInputElement | null }>} */ #rows = new Map();
  /** @type {Set<string>} */ #picked = new Set();
  /** @type {string | null} */ #cursor = null;
  /** @type {string | null} */ #anchor = null;
  #run = new AbortController();

  constructor(/** @type {Spec} */ spec) {
    super();
    this.spec = spec;
    spec.signal.addEventListener("abort", () => this.#run.abort());
    this.all = h("input", { type: "checkbox", class: "check", "aria-label": "보이는 줄 모두 고르기", onchange: () => this.#pickAll() });
    const columns = spec.name ? [{ key: "pick", label: "고르기", head: checkArea(this.all) }, ...spec.columns] : spec.columns;
    this.table = dataTable(spec.caption, columns, "listing");
    this.status = h("p", { class: "hint", tabindex: "-1" });
    this.trouble = h("div");
    this.blank = h("div", { class: "listing-empty", hidden: true });
    this.more = h("button", { class: "button", type: "button", onclick: () => this.#load() }, "더 보기");
    this.frame = h("div", { class: "table-frame" }, this.table.node);
    this.node = h("div", { class: "listing-wrap" }, this.frame, this.blank, this.trouble,
      h("div", { class: "table-foot" }, this.status, this.more));
  }

  /** @returns {Row[]} in the order of the list */
  get picked() {
    return [...this.#rows.values()].map((entry) => entry.row).filter((row) => this.#picked.has(row.id));
  }

  get size() {
    return this.#rows.size;
  }

  /** From the beginning. @returns {Promise<void>} */
  reload() {
    this.#cursor = null;
    return this.#load(true);
  }

  /** Take rows off the list, which are no longer what it lists. */
  drop(/** @type {string[]} */ ids) {
    for (const id of ids) {
      this.#rows.get(id)?.node.remove();
      this.#rows.delete(id);
      this.#picked.delete(id);
    }
    this.#changed();
    if (this.#rows.size === 0) this.reload();
    else this.#tell();
  }

  unpick() {
    this.#picked.clear();
    this.#changed();
  }

  async #load(anew = false) {
    this.#run.abort();
    const { signal } = (this.#run = new AbortController());
    this.#busy(true);
    try {
      const page = await this.spec.read(this.#cursor, signal);
      if (signal.aborted) return;
      if (anew) this.#clear();
      this.#show(page);
    } catch (error) {
      if (signal.aborted) return;
      this.#busy(false);
      if (anew) this.#clear();
      this.more.hidden = true;
      this.status.textContent = "";
      fill(this.trouble, errorNotice(error, h("button", { class: "button", type: "button", onclick: () => this.#load(anew) }, "다시 불러오기")));
    }
  }

  #clear() {
    this.table.clear();
    this.#rows.clear();
    this.#picked.clear();
    this.#anchor = null;
    this.#changed();
  }

  #busy(/** @type {boolean} */ on) {
    this.frame.setAttribute("aria-busy", String(on));
    this.more.disabled = on;
    if (on) fill(this.trouble);
    if (on && this.size === 0) this.status.textContent = "불러오는 중입니다…";
  }

  #show(/** @type {import("../api.js").Page} */ page) {
    const hadFocus = document.activeElement === this.more || document.activeElement === document.body;
    const continued = this.size > 0;
    for (const row of page.results) this.#add(row);
    this.#cursor = page.next;
    this.#busy(false);
    this.#tell();
    this.#changed();
    this.dispatchEvent(new Event("loaded"));
    announce(this.size ? this.status.textContent ?? "" : this.blank.textContent ?? "");
    if (continued && hadFocus) (page.next ? this.more : this.status).focus();
  }

  #add(/** @type {Row} */ row) {
    if (this.#rows.has(row.id)) return; // it moved between two pages
    const { name } = this.spec;
    const box = name ? h("input", {
      type: "checkbox", class: "check", "aria-label": `${name(row)} 고르기`,
      onclick: (/** @type {MouseEvent} */ event) => this.#pick(row.id, box?.checked ?? false, event.shiftKey),
    }) : null;
    const cells = this.spec.cells(row);
    this.#rows.set(row.id, { row, box, node: this.table.add(box ? [[checkArea(box)], ...cells] : cells) });
  }

  #tell() {
    const text = `${number(this.size)}${this.spec.unit}`;
    this.more.hidden = !this.#cursor;
    this.frame.hidden = this.size === 0;
    this.blank.hidden = this.size > 0;
    if (this.size === 0) fill(this.blank, this.spec.empty());
    this.status.textContent = this.size === 0 ? "" : this.#cursor ? `${text} 표시, 더 있습니다` : `모두 ${text}`;
  }

  /** With Shift, every row since the last one that was pressed follows. */
  #pick(/** @type {string} */ id, /** @type {boolean} */ on, /** @type {boolean} */ range) {
    const ids = [...this.#rows.keys()];
    const from = range && this.#anchor ? ids.indexOf(this.#anchor) : -1;
    const to = ids.indexOf(id);
    const meant = from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const each of meant) on ? this.#picked.add(each) : this.#picked.delete(each);
    this.#anchor = id;
    this.#changed();
  }

  #pickAll() {
    this.#picked = new Set(this.all.checked ? this.#rows.keys() : []);
    this.#changed();
  }

  #changed() {
    for (const [id, { node, box }] of this.#rows) {
      const on = this.#picked.has(id);
      if (box) box.checked = on;
      node.classList.toggle("picked", on);
    }
    const count = this.#picked.size;
    this.all.checked = count > 0 && count === this.size;
    this.all.indeterminate = count > 0 && count < this.size;
    this.dispatchEvent(new Event("picked"));
  }
}

/** A checkbox that is easy to hit. */
function checkArea(/** @type {HTMLInputElement} */ box) {
  return h("label", { class: "check-area" }, box);
}

/**
 * What can be done with the picked rows: hidden while there are none.
 * @param {Listing} listing @param {...HTMLElement} buttons
 */
export function pickedBar(listing, ...buttons) {
  const count = h("strong", { class: "picked-count" });
  const none = h("button", { class: "button button-quiet", type: "button", onclick: () => listing.unpick() }, "선택 해제");
  const node = h("div", { class: "picked-bar", role: "group", "aria-label": "고른 줄", hidden: true },
    count, h("div", { class: "actions" }, ...buttons, none));
  listing.addEventListener("picked", () => {
    const size = listing.picked.length;
    const inside = node.contains(document.activeElement);
    node.hidden = size === 0;
    count.textContent = `${number(size)}${listing.spec.unit} 선택`;
    if (node.hidden && inside) listing.status.focus();
  });
  return node;
}
