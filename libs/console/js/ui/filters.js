import { h } from "./dom.js";

/**
 * Fields that narrow a list. Fires "change" at once for a choice, and for a text once typing pauses.
 * Who extends it fills `node`, and says its `values`.
 */
export class FilterBar extends EventTarget {
  #timer = 0;

  /** @param {{ signal: AbortSignal, typingMs: number }} spec */
  constructor({ signal, typingMs }) {
    super();
    this.typingMs = typingMs;
    this.clear = h("button", { class: "button button-quiet", type: "button", hidden: true, onclick: () => this.reset() }, "모두 지우기");
    this.node = h("div", { class: "filters", role: "search" });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** @returns {Record<string, string>} those that say something, by the API's names */
  get values() {
    return {};
  }

  /** @returns {HTMLSelectElement[]} */
  get choices() {
    return [];
  }

  /** Empty every field, then tell(). */
  reset() {}

  typed() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.tell(), this.typingMs);
  }

  tell() {
    clearTimeout(this.#timer);
    this.paint();
    this.dispatchEvent(new Event("change"));
  }

  paint() {
    this.clear.hidden = Object.keys(this.values).length === 0;
    for (const each of this.choices) each.classList.toggle("filter-on", each.value !== "");
  }
}
