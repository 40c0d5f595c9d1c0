import { CONDITIONS, SERVICE_CODES } from "../labels.js";
import { h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";

const TEXTS = /** @type {[string, number][]} */ ([["type", 100], ["tenant_id", 64], ["correlation_id", 64]]);

/** Which dead letters, by the API's names and `service`. */
export class LetterFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super({ signal, typingMs: 300 });
    this.service = serviceSelect(query.get("service") ?? "");
    this.service.addEventListener("change", () => this.tell());
    this.texts = TEXTS.map(([name, maxlength]) => h("input", {
      class: "input filter-text", type: "search", name, maxlength: String(maxlength), autocomplete: "off", spellcheck: "false",
      "aria-label": CONDITIONS[name], placeholder: CONDITIONS[name], value: query.get(name) ?? "", oninput: () => this.typed(),
    }));
    this.node.append(this.service, ...this.texts, this.clear);
    this.paint();
  }

  /** @returns {Record<string, string>} those that say something */
  get values() {
    const values = [["service", this.service.value], ...this.texts.map((input) => [input.name, input.value.trim()])];
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  get choices() {
    return [this.service];
  }

  reset() {
    for (const each of [this.service, ...this.texts]) each.value = "";
    this.tell();
    this.service.focus();
  }
}

/** One of the services, or all. */
export function serviceSelect(/** @type {string} */ value, all = "서비스 전체") {
  const node = h("select", { class: "input", "aria-label": "서비스" }, all && h("option", { value: "" }, all),
    ...SERVICE_CODES.map((service) => h("option", { value: service }, service)));
  node.value = SERVICE_CODES.includes(value) ? value : all ? "" : SERVICE_CODES[0];
  return node;
}
