import { fill, h, uid } from "./dom.js";

/**
 * A text field that filters a list (ARIA combobox with list autocomplete).
 *
 * @typedef {{ id: string, label: string, hint?: string }} Option
 */

const SHOWN = 100;

/** @returns {string} */
function fold(/** @type {string} */ text) {
  return text.normalize("NFC").toLowerCase().replaceAll(/\s+/g, "");
}

export class Combobox extends EventTarget {
  /** @type {Option[]} */ #options = [];
  /** @type {Option[]} */ #shown = [];
  /** @type {Option | null} */ #picked = null;
  #active = -1;
  #empty = "";

  /** @param {{ placeholder: string, listLabel: string, narrows?: boolean }} spec `narrows`: the options are all there are; else those that the server found for the text */
  constructor({ placeholder, listLabel, narrows = true }) {
    super();
    this.narrows = narrows;
    const id = uid("combo");
    this.list = h("ul", { id: `${id}-list`, class: "options", role: "listbox", "aria-label": listLabel, hidden: true });
    this.input = h("input", {
      id, class: "input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder,
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
      oninput: () => this.#onInput(), onclick: () => this.#open(), onblur: () => this.#settle(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#onKey(event),
    });
    this.node = h("div", { class: "combo" }, this.input, this.list);
  }

  /** The picked option's id, or null. @returns {string | null} */
  get value() {
    return this.#picked?.id ?? null;
  }

  get text() {
    return this.input.value.trim();
  }

  /** `empty` is what the list says when nothing fits. */
  setOptions(/** @type {Option[]} */ options, /** @type {string} */ empty) {
    this.#options = options;
    this.#empty = empty;
    if (this.#isOpen) this.#narrow();
  }

  pick(/** @type {string | null} */ id) {
    const before = this.value;
    this.#picked = this.#options.find((option) => option.id === id) ?? null;
    this.input.value = this.#picked?.label ?? "";
    this.#close();
    if (before !== this.value) this.dispatchEvent(new Event("change"));
  }

  get #isOpen() {
    return !this.list.hidden;
  }

  #matches() {
    const wanted = fold(this.text);
    if (!this.narrows || (this.#picked && this.text === this.#picked.label)) return this.#options;
    return this.#options.filter((option) => fold(`${option.label} ${option.hint ?? ""}`).includes(wanted));
  }

  #open() {
    const found = this.#matches();
    this.#shown = found.slice(0, SHOWN);
    fill(this.list, ...this.#shown.map((option, index) => this.#row(option, index)));
    const rest = found.length - this.#shown.length;
    const note = found.length === 0 ? this.#empty : rest > 0 ? `외 ${rest}개. 이름을 더 입력해 좁혀 보세요.` : "";
    if (note) this.list.append(h("li", { class: "options-note", role: "option", "aria-disabled": "true" }, note));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#highlight(this.#shown.findIndex((option) => option === this.#picked));
  }

  #row(/** @type {Option} */ option, /** @type {number} */ index) {
    return h("li", {
      id: `${this.list.id}-${index}`, class: "option", role: "option", "aria-selected": String(option === this.#picked),
      onmousedown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => this.pick(option.id),
    }, h("span", {}, option.label), option.hint && h("span", { class: "option-hint" }, option.hint));
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.#highlight(-1);
  }

  #highlight(/** @type {number} */ index) {
    this.#active = index;
    for (const [i, row] of [...this.list.children].entries()) row.classList.toggle("option-active", i === index);
    if (index < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${index}`);
    this.list.children[index].scrollIntoView({ block: "nearest" });
  }

  #onInput() {
    if (this.#picked && this.text !== this.#picked.label) {
      this.#picked = null;
      this.dispatchEvent(new Event("change"));
    }
    this.#narrow();
  }

  /** Show what fits; of what was typed for, the first is at hand. */
  #narrow() {
    this.#open();
    if (this.text && !this.#picked && this.#shown.length) this.#highlight(0);
  }

  /** Leaving the field: an exactly typed name counts as picked. */
  #settle() {
    if (!this.#picked && this.text) {
      const exact = this.#options.filter((option) => fold(option.label) === fold(this.text));
      if (exact.length === 1) return this.pick(exact[0].id);
    }
    this.#close();
  }

  #move(/** @type {number} */ step) {
    if (!this.#isOpen) this.#open();
    const count = this.#shown.length;
    if (count === 0) return;
    const from = this.#active < 0 && step < 0 ? 0 : this.#active;
    this.#highlight((from + step + count) % count);
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    if (event.isComposing) return; // Enter and arrows belong to the Korean input method while a syllable is open
    const wasOpen = this.#isOpen;
    if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if (event.key === "Enter" && wasOpen) this.#pickActive();
    else if (event.key === "Escape" && wasOpen) this.#close();
    else return;
    event.preventDefault();
  }

  #pickActive() {
    if (this.#active >= 0) this.pick(this.#shown[this.#active].id);
    else this.#settle();
  }
}
