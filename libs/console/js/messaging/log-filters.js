import { today } from "../format.js";
import { MESSAGE_STATES } from "../labels.js";
import { dayBegins, dayEnds } from "../seoul.js";
import { h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { select } from "../ui/select.js";

/** State and days of the ledger; days are Seoul's, both of them included. */
export class LogFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super({ signal, typingMs: 250 });
    this.state = select(MESSAGE_STATES, { "aria-label": "상태", onchange: () => this.tell() }, "상태 전체");
    const date = (/** @type {string} */ name, /** @type {string} */ label) => h("input", {
      class: "input", type: "date", "aria-label": label, max: today(), value: query.get(name) ?? "", onchange: () => this.tell(),
    });
    this.since = date("since", "부터");
    this.until = date("until", "까지");
    this.state.value = query.get("state") ?? "";
    const day = (/** @type {HTMLInputElement} */ input, /** @type {string} */ word) => h("span", { class: "filter-day" }, input, h("span", { class: "hint" }, word));
    this.node.append(this.state, day(this.since, "부터"), day(this.until, "까지"), this.clear);
    this.paint();
  }

  /** @returns {Record<string, string>} as they stand in the address */
  get values() {
    const values = Object.entries({ state: this.state.value, since: this.since.value, until: this.until.value });
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  /** @returns {Record<string, string>} as the API takes them */
  get asked() {
    return { state: this.state.value, from: dayBegins(this.since.value), to: dayEnds(this.until.value) };
  }

  get choices() {
    return [this.state];
  }

  reset() {
    for (const each of [this.state, this.since, this.until]) each.value = "";
    this.tell();
    this.state.focus();
  }
}
