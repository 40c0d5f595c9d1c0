import { h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { icon } from "../ui/icon.js";
import { select } from "../ui/select.js";

const ACTIVE = { true: "운영 중", false: "끝난 강의" };

/** A part of the title, and whether the lecture still runs. */
export class LectureFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super({ signal, typingMs: 250 });
    this.search = h("input", { class: "input", type: "search", "aria-label": "강의 찾기", placeholder: "강의 이름으로 찾기", maxlength: "255", value: query.get("search") ?? "", oninput: () => this.typed() });
    this.active = select(ACTIVE, { "aria-label": "상태", onchange: () => this.tell() }, "모든 강의");
    this.active.value = query.get("is_active") ?? "";
    this.node.append(h("div", { class: "search" }, icon("search"), this.search), this.active, this.clear);
    this.paint();
  }

  /** @returns {Record<string, string>} */
  get values() {
    const values = Object.entries({ search: this.search.value.trim(), is_active: this.active.value });
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  get choices() {
    return [this.active];
  }

  reset() {
    this.search.value = "";
    this.active.value = "";
    this.tell();
    this.search.focus();
  }
}
