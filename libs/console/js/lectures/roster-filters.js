import { ENROLLMENT_STATES } from "../labels.js";
import { h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { icon } from "../ui/icon.js";
import { select } from "../ui/select.js";
import { sessionLine } from "./words.js";

/** A part of the name, the state of the enrollment, and one session. */
export class RosterFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super({ signal, typingMs: 250 });
    this.search = h("input", { class: "input", type: "search", "aria-label": "수강생 찾기", placeholder: "이름으로 찾기", maxlength: "100", value: query.get("search") ?? "", oninput: () => this.typed() });
    this.status = select(ENROLLMENT_STATES, { "aria-label": "수강 상태", onchange: () => this.tell() }, "상태 전체");
    this.session = select({}, { "aria-label": "차시", onchange: () => this.tell() }, "차시 전체");
    this.status.value = query.get("status") ?? "";
    this.wanted = query.get("session") ?? "";
    this.node.append(h("div", { class: "search" }, icon("search"), this.search), this.status, this.session, this.clear);
    this.paint();
  }

  offerSessions(/** @type {import("./client.js").Session[]} */ sessions) {
    this.session.append(...sessions.map((each) => h("option", { value: each.id }, sessionLine(each))));
    if (sessions.some((each) => each.id === this.wanted)) this.session.value = this.wanted;
    this.wanted = "";
    this.paint();
  }

  /** @returns {Record<string, string>} */
  get values() {
    const values = Object.entries({ search: this.search.value.trim(), status: this.status.value, session: this.session.value || this.wanted });
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  get choices() {
    return [this.status, this.session];
  }

  reset() {
    for (const each of [this.search, this.status, this.session]) each.value = "";
    this.wanted = "";
    this.tell();
    this.search.focus();
  }
}
