import { CONDITIONS, SERVICE_CODES } from "../labels.js";
import { h } from "../ui/dom.js";

const TYPING_MS = 300;
const TEXTS = /** @type {[string, number][]} */ ([["type", 100], ["tenant_id", 64], ["correlation_id", 64]]);

/**
 * Which dead letters, by the API's names and `service`. Fires "change" once typing pauses.
 */
export class LetterFilters extends EventTarget {
  #timer = 0;

  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super();
    this.service = serviceSelect(query.get("service") ?? "");
    this.service.addEventListener("change", () => this.#tell());
    this.texts = TEXTS.map(([name, maxlength]) => h("input", {
      class: "input filter-text", type: "search", name, maxlength: String(maxlength), autocomplete: "off", spellcheck: "false",
      "aria-label": CONDITIONS[name], placeholder: CONDITIONS[name], value: query.get(name) ?? "", oninput: () => this.#typed(),
    }));
    this.clear = h("button", { class: "button button-quiet", type: "button", hidden: true, onclick: () => this.#reset() }, "모두 지우기");
    this.node = h("div", { class: "filters", role: "search" }, this.service, ...this.texts, this.clear);
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#paint();
  }

  /** @returns {Record<string, string>} those that say something */
  get values() {
    const values = [["service", this.service.value], ...this.texts.map((input) => [input.name, input.value.trim()])];
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#tell(), TYPING_MS);
  }

  #reset() {
    for (const each of [this.service, ...this.texts]) each.value = "";
    this.#tell();
    this.service.focus();
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    this.clear.hidden = Object.keys(this.values).length === 0;
    this.service.classList.toggle("filter-on", this.service.value !== "");
  }
}

/** One of the services, or all. */
export function serviceSelect(/** @type {string} */ value, all = "서비스 전체") {
  const node = h("select", { class: "input", "aria-label": "서비스" }, all && h("option", { value: "" }, all),
    ...SERVICE_CODES.map((service) => h("option", { value: service }, service)));
  node.value = SERVICE_CODES.includes(value) ? value : all ? "" : SERVICE_CODES[0];
  return node;
}
