import { GENDERS, SCHOOL_TYPES } from "../labels.js";
import { fill, h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { icon } from "../ui/icon.js";
import { select } from "../ui/select.js";

const GRADES = Object.fromEntries([1, 2, 3, 4, 5, 6].map((grade) => [String(grade), `${grade}학년`]));

/** Search and filters over a list of students, with their values by the API's names. */
export class Filters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal, searchOnly?: boolean }} spec */
  constructor({ query, signal, searchOnly = false }) {
    super({ signal, typingMs: 250 });
    this.search = h("input", {
      class: "input", type: "search", autocomplete: "off", spellcheck: "false", maxlength: "100", "aria-label": "학생 찾기",
      placeholder: "이름, 전화번호, 아이디, 학교로 찾기", value: query.get("search") ?? "", oninput: () => this.typed(),
    });
    /** @type {Record<string, HTMLSelectElement>} */
    this.selects = searchOnly ? {} : {
      school_type: choice("학교급", SCHOOL_TYPES), grade: choice("학년", GRADES), gender: choice("성별", GENDERS), tag: choice("태그", {}),
    };
    for (const [name, each] of Object.entries(this.selects)) {
      each.value = query.get(name) ?? "";
      each.addEventListener("change", () => this.tell());
    }
    if (this.selects.tag) this.selects.tag.hidden = true;
    this.#tag = query.get("tag") ?? "";
    this.node.append(h("div", { class: "search" }, icon("search"), this.search), ...this.choices, this.clear);
    this.paint();
  }

  #tag; // what the address names, until the tags are known

  /** @returns {Record<string, string>} those that say something */
  get values() {
    const values = Object.entries({ search: this.search.value.trim(), ...Object.fromEntries(Object.entries(this.selects).map(([name, each]) => [name, each.value])) });
    if (this.#tag) values.push(["tag", this.#tag]);
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  offerTags(/** @type {import("./client.js").Tag[]} */ tags) {
    const { tag } = this.selects;
    fill(tag, h("option", { value: "" }, "태그 전체"), ...tags.map((each) => h("option", { value: each.id }, each.name)));
    tag.value = tags.some((each) => each.id === this.#tag) ? this.#tag : "";
    this.#tag = tag.value ? "" : this.#tag;
    tag.hidden = tags.length === 0;
  }

  get choices() {
    return Object.values(this.selects);
  }

  reset() {
    this.search.value = "";
    for (const each of this.choices) each.value = "";
    this.#tag = "";
    this.tell();
    this.search.focus();
  }
}

function choice(/** @type {string} */ label, /** @type {Record<string, string>} */ words) {
  return select(words, { "aria-label": label }, `${label} 전체`);
}
