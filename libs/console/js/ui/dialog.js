import { fill, h, uid } from "./dom.js";
import { field } from "./field.js";
import { errorNotice } from "./notice.js";

/**
 * A question on the browser's own <dialog>: focus stays inside, Esc closes, and focus returns to where it was.
 *
 * @template T
 * @typedef {{ title: string, body?: import("./dom.js").Child[], action: string, bad?: boolean, wide?: boolean, typed?: string,
 *             run: () => Promise<T>, refused?: (error: unknown) => Node | null, signal: AbortSignal }} Question
 *          `action` is the button's word; `typed` a text that must be typed before the button can be pressed;
 *          `run` does it, with the dialog open until it has; `refused` may show an error its own way;
 *          `signal` closes the dialog when its page is left
 */

/** @template T @param {Question<T>} question @returns {Promise<T | undefined>} what `run` gave; undefined: not done */
export function ask(question) {
  return new Asking(question).answer();
}

/** What `run` throws when a field of the question is wrong and has been told so. */
export class Incomplete extends Error {}

/** @template T */
class Asking {
  #busy = false;
  /** @type {T | undefined} */ #result = undefined;

  constructor(/** @type {Question<T>} */ question) {
    this.question = question;
    this.trouble = h("div");
    this.main = h("button", { class: `button ${question.bad ? "button-bad" : "button-main"}`, type: "submit" }, question.action);
    this.cancel = h("button", { class: "button", type: "button", onclick: () => this.node.close() }, "취소");
    this.typed = question.typed ? typedField(question.typed, (fits) => (this.main.disabled = !fits)) : null;
    this.controls = h("fieldset", { class: "bare stack" }, ...(question.body ?? []), this.typed);
    this.node = this.#build();
  }

  #build() {
    const title = h("h2", { id: uid("dialog"), class: "dialog-title", tabindex: "-1" }, this.question.title);
    const form = h("form", { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      title, this.controls, this.trouble, h("div", { class: "actions dialog-actions" }, this.cancel, this.main));
    const node = h("dialog", { class: `dialog ${this.question.wide ? "dialog-wide" : ""}`, "aria-labelledby": title.id }, form);
    node.addEventListener("cancel", (event) => this.#busy && event.preventDefault());
    return node;
  }

  /** @returns {Promise<T | undefined>} */
  answer() {
    const before = document.activeElement;
    document.body.append(this.node);
    this.node.showModal();
    const first = /** @type {HTMLElement | null} */ (this.controls.querySelector("input, select, textarea"));
    (first ?? (this.question.bad ? this.cancel : this.main)).focus(); // what destroys is not one Enter away
    const left = () => this.node.close();
    this.question.signal.addEventListener("abort", left);
    return new Promise((resolve) => this.node.addEventListener("close", () => {
      this.question.signal.removeEventListener("abort", left);
      this.node.remove();
      giveBack(before);
      resolve(this.#result);
    }));
  }

  async #submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.#busy || this.main.disabled) return;
    this.#work(true);
    try {
      this.#result = await this.question.run();
      this.node.close();
    } catch (error) {
      if (this.question.signal.aborted) return;
      this.#work(false);
      this.#refused(error);
    }
  }

  #work(/** @type {boolean} */ on) {
    this.#busy = on;
    this.main.disabled = on;
    this.cancel.disabled = on;
    this.controls.disabled = on;
    this.node.setAttribute("aria-busy", String(on));
    if (on) fill(this.trouble);
  }

  #refused(/** @type {unknown} */ error) {
    if (error instanceof Incomplete) {
      /** @type {HTMLElement | null} */ (this.controls.querySelector("[aria-invalid=true]"))?.focus();
      return;
    }
    fill(this.trouble, this.question.refused?.(error) ?? errorNotice(error));
    this.main.focus();
  }
}

function giveBack(/** @type {Element | null} */ before) {
  const usable = before instanceof HTMLElement && before.isConnected && !before.matches(":disabled") && before.offsetParent;
  (usable ? before : /** @type {HTMLElement | null} */ (document.querySelector("main h1")))?.focus();
}

/** A field that asks for exactly this text, so that nobody does it by habit. */
function typedField(/** @type {string} */ wanted, /** @type {(fits: boolean) => void} */ tell) {
  const fold = (/** @type {string} */ text) => text.normalize("NFC").trim();
  const input = h("input", {
    class: "input", type: "text", autocomplete: "off", spellcheck: "false", oninput: () => tell(fold(input.value) === fold(wanted)),
  });
  tell(false);
  return field({ label: "확인을 위해 아래 글자를 그대로 적어 주세요", control: h("div", { class: "typed" }, h("p", { class: "typed-word" }, wanted), input), target: input }).node;
}
