import { VIDEO_STATES } from "../labels.js";
import { fill, h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { icon } from "../ui/icon.js";

/** Search and choices over the videos: lecture, then its sessions; status. */
export class VideoFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, roster: import("../roster/client.js").RosterClient, signal: AbortSignal }} spec */
  constructor({ query, roster, signal }) {
    super({ signal, typingMs: 250 });
    this.roster = roster;
    this.signal = signal;
    this.search = h("input", {
      class: "input", type: "search", autocomplete: "off", spellcheck: "false", maxlength: "100", "aria-label": "영상 찾기",
      placeholder: "제목으로 찾기", value: query.get("search") ?? "", oninput: () => this.typed(),
    });
    this.lecture = select("강의", [], () => this.#lectureChosen());
    this.session = select("차시", [], () => this.tell());
    this.status = select("상태", Object.entries(VIDEO_STATES).map(([value, { label }]) => ({ value, label })), () => this.tell());
    this.status.value = query.get("status") ?? "";
    this.#named = { lecture: query.get("lecture") ?? "", session: query.get("session") ?? "" };
    this.node.append(h("div", { class: "search" }, icon("search"), this.search), ...this.choices, this.clear);
    this.paint();
    this.#load();
  }

  #named; // what the address names, until the lists are known

  /** @returns {Record<string, string>} those that say something */
  get values() {
    const lecture = this.lecture.value || this.#named.lecture;
    const session = this.session.value || this.#named.session;
    const values = { search: this.search.value.trim(), lecture, session, status: this.status.value };
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
  }

  get choices() {
    return [this.lecture, this.session, this.status];
  }

  reset() {
    this.search.value = "";
    for (const each of this.choices) each.value = "";
    this.#named = { lecture: "", session: "" };
    offer(this.session, "차시", []);
    this.tell();
    this.search.focus();
  }

  async #load() {
    try {
      const lectures = await this.roster.lectures(this.signal);
      offer(this.lecture, "강의", lectures.map((each) => ({ value: each.id, label: each.title })));
      pick(this.lecture, this.#named.lecture);
      this.#named.lecture = this.lecture.value ? "" : this.#named.lecture;
      if (this.lecture.value) await this.#offerSessions();
    } catch {
      return; // the list is usable without them
    }
    this.paint();
  }

  async #offerSessions() {
    const lecture = this.lecture.value;
    const sessions = lecture ? await this.roster.sessions(lecture, this.signal) : [];
    if (this.lecture.value !== lecture) return;
    offer(this.session, "차시", sessions.map((each) => ({ value: each.id, label: each.title || `${each.order}차시` })));
    pick(this.session, this.#named.session);
    this.#named.session = this.session.value ? "" : this.#named.session;
  }

  async #lectureChosen() {
    this.#named = { lecture: "", session: "" };
    offer(this.session, "차시", []);
    this.tell();
    try {
      await this.#offerSessions();
    } catch {
      // the lecture alone narrows as well
    }
  }
}

/** @typedef {{ value: string, label: string }} Option */

function select(/** @type {string} */ label, /** @type {Option[]} */ options, /** @type {() => void} */ onchange) {
  const node = h("select", { class: "input", "aria-label": label, onchange });
  offer(node, label, options);
  node.disabled = false;
  return node;
}

function offer(/** @type {HTMLSelectElement} */ node, /** @type {string} */ label, /** @type {Option[]} */ options) {
  fill(node, h("option", { value: "" }, `${label} 전체`), ...options.map((each) => h("option", { value: each.value }, each.label)));
  node.disabled = options.length === 0;
}

function pick(/** @type {HTMLSelectElement} */ node, /** @type {string} */ value) {
  node.value = [...node.options].some((each) => each.value === value) ? value : "";
}
