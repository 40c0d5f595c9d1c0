import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";

/** The 차시 of a lecture; left alone, the service uses (or makes) the first one, unless one is `needed`. */
export class SessionField {
  /** @param {{ client: import("./client.js").RosterClient, signal: AbortSignal, needed?: boolean }} spec */
  constructor({ client, signal, needed = false }) {
    this.client = client;
    this.needed = needed;
    this.signal = signal;
    this.select = h("select", { class: "input" });
    this.field = field({ label: "차시", control: this.select, optional: !needed });
    this.node = this.field.node;
    this.#lecture = null;
    this.#offer([]);
  }

  /** @type {string | null} */ #lecture;

  /** @returns {string | null} */
  get value() {
    return this.select.value || null;
  }

  /** @returns {Promise<void>} */
  async show(/** @type {string | null} */ lectureId, /** @type {string | null} */ preselect = null) {
    this.#lecture = lectureId;
    this.#offer([]);
    this.field.setError("");
    if (!lectureId) return;
    try {
      const sessions = await this.client.sessions(lectureId, this.signal);
      if (this.#lecture !== lectureId) return; // another lecture was chosen meanwhile
      this.#offer(sessions);
      if (preselect && sessions.some((session) => session.id === preselect)) this.select.value = preselect;
    } catch {
      if (this.#lecture === lectureId) this.field.setError(`차시 목록을 불러오지 못했습니다.${this.needed ? "" : " 1차시로는 등록할 수 있습니다."}`);
    }
  }

  #offer(/** @type {import("./client.js").Session[]} */ sessions) {
    this.select.disabled = !this.#lecture;
    if (this.needed) {
      fill(this.select, sessions.length === 0 && h("option", { value: "" }, this.#lecture ? "차시가 없습니다" : "강의를 먼저 골라 주세요"),
        ...sessions.map((session) => h("option", { value: session.id }, name(session))));
      return;
    }
    const first = sessions.find((session) => session.order === 1);
    fill(this.select, h("option", { value: "" }, first ? name(first) : "1차시 (없으면 새로 만듭니다)"),
      ...sessions.filter((session) => session.order !== 1).map((session) => h("option", { value: session.id }, name(session))));
  }
}

/** @returns {string} */
function name(/** @type {import("./client.js").Session} */ session) {
  const title = session.title || `${session.order}차시`;
  return session.date ? `${title} (${session.date})` : title;
}
