import { ApiError, newKey } from "../api.js";
import { today } from "../format.js";
import { Combobox } from "../ui/combobox.js";
import { fill, h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";

/** @typedef {Record<string, import("../ui/field.js").Field>} Fields by the API's names */

/**
 * Choose a lecture, or make one without leaving the page. Fires "change" and, when the list could not be
 * read because this account may not, "forbidden" (detail: the error).
 */
export class LectureField extends EventTarget {
  #key = newKey();

  /** @param {{ client: import("./client.js").RosterClient, signal: AbortSignal }} spec */
  constructor({ client, signal }) {
    super();
    this.client = client;
    this.signal = signal;
    /** @type {import("./client.js").Lecture[]} */
    this.lectures = [];
    this.combo = new Combobox({ placeholder: "강의 이름으로 찾기", listLabel: "강의 목록" });
    this.combo.addEventListener("change", () => this.#changed());
    this.field = field({ label: "강의", control: this.combo.node, target: this.combo.input });
    this.opener = h("button", {
      class: "button button-quiet", type: "button", "aria-expanded": "false", onclick: () => this.#togglePanel(),
    }, icon("plus"), "새 강의 만들기");
    this.panel = h("div", { class: "panel", hidden: true });
    this.trouble = h("div");
    this.node = h("div", { class: "stack" }, this.field.node, this.trouble, this.opener, this.panel);
  }

  get value() {
    return this.combo.value;
  }

  /** @returns {string} its title, "" if unknown */
  titleOf(/** @type {string} */ id) {
    return this.lectures.find((lecture) => lecture.id === id)?.title ?? "";
  }

  /** Read the list; `preselect` is the id to start with. @returns {Promise<void>} */
  async load(/** @type {string | null} */ preselect = null) {
    fill(this.trouble);
    this.combo.setOptions([], "강의 목록을 불러오는 중입니다…");
    try {
      this.lectures = await this.client.lectures(this.signal);
    } catch (error) {
      if (!this.signal.aborted) this.#failed(error, preselect);
      return;
    }
    this.#offer();
    if (preselect && !this.value) this.combo.pick(preselect);
    else if (this.lectures.length === 1 && !this.combo.text) this.combo.pick(this.lectures[0].id);
  }

  #offer() {
    const none = this.lectures.length ? "맞는 강의가 없습니다. 아래에서 새 강의를 만들 수 있습니다." : "아직 강의가 없습니다. 아래에서 새 강의를 만들어 주세요.";
    this.combo.setOptions(this.lectures.map((lecture) => ({
      id: lecture.id, label: lecture.title, hint: [lecture.subject, lecture.name, lecture.lecture_time].filter(Boolean).join(" · "),
    })), none);
  }

  #failed(/** @type {unknown} */ error, /** @type {string | null} */ preselect) {
    if (error instanceof ApiError && error.status === 401) return;
    if (error instanceof ApiError && error.status === 403) {
      this.dispatchEvent(new CustomEvent("forbidden", { detail: error }));
      return;
    }
    this.combo.setOptions([], "강의 목록을 불러오지 못했습니다.");
    const again = h("button", { class: "button", type: "button", onclick: () => this.load(preselect) }, "다시 불러오기");
    fill(this.trouble, errorNotice(error, again));
  }

  #changed() {
    this.field.setError("");
    this.dispatchEvent(new Event("change"));
  }

  #togglePanel(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (!open) return this.opener.focus();
    this.#key = newKey();
    this.#buildPanel(this.value ? "" : this.combo.text);
  }

  #buildPanel(/** @type {string} */ typed) {
    const title = h("input", { class: "input", type: "text", maxlength: "255", autocomplete: "off", value: typed });
    const start = h("input", { class: "input", type: "date", value: today() });
    const titleField = field({ label: "새 강의 이름", control: title });
    const startField = field({ label: "시작일", control: start, hint: "1차시 날짜로도 쓰입니다." });
    const trouble = h("div");
    const fields = { title: titleField, start_date: startField };
    const create = h("button", { class: "button", type: "button" }, "강의 만들기");
    const cancel = h("button", { class: "button button-quiet", type: "button", onclick: () => this.#togglePanel(false) }, "취소");
    const run = () => this.#create({ title: title.value.trim(), start: start.value, fields, trouble, create });
    create.addEventListener("click", run);
    title.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // Enter here means this lecture, not the whole form
      run();
    });
    fill(this.panel, titleField.node, startField.node, trouble, h("div", { class: "actions" }, create, cancel));
    title.focus();
  }

  /** @param {{ title: string, start: string, fields: Fields, trouble: Element, create: HTMLButtonElement }} form */
  async #create({ title, start, fields, trouble, create }) {
    for (const each of Object.values(fields)) each.setError("");
    fill(trouble);
    if (!title) {
      fields.title.setError("강의 이름을 적어 주세요.");
      return fields.title.focus();
    }
    create.disabled = true;
    try {
      const lecture = await this.client.createLecture({ title, ...(start && { start_date: start }) }, this.#key);
      this.#created(lecture);
    } catch (error) {
      this.#notCreated(error, fields, trouble);
    } finally {
      create.disabled = false;
    }
  }

  #created(/** @type {import("./client.js").Lecture} */ lecture) {
    this.lectures = [lecture, ...this.lectures];
    this.#offer();
    this.combo.pick(lecture.id);
    this.#togglePanel(false);
    announce(`‘${lecture.title}’ 강의를 만들고 골랐습니다.`);
  }

  #notCreated(/** @type {unknown} */ error, /** @type {Fields} */ fields, /** @type {Element} */ trouble) {
    if (complain(fields, error)) return;
    if (error instanceof ApiError) this.#key = newKey();
    fill(trouble, errorNotice(error));
  }
}
