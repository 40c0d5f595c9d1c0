import { number } from "../../format.js";
import { brief } from "../../students/words.js";
import { Combobox } from "../../ui/combobox.js";
import { fill, h } from "../../ui/dom.js";
import { field } from "../../ui/field.js";
import { announce } from "../../ui/live.js";
import { explain } from "../../ui/notice.js";
import { StudentSearch } from "../student-search.js";

/**
 * Who a message is about: a lecture's students and single ones, put together in one list from which each can be left out.
 * Fires "change".
 */
export class Audience extends EventTarget {
  /** @type {Map<string, { name: string, box: HTMLInputElement }>} */ #rows = new Map();

  /** @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec */
  constructor({ app, signal }) {
    super();
    this.app = app;
    this.signal = signal;
    this.lectures = new Combobox({ placeholder: "강의 이름으로 찾기", listLabel: "강의 목록" });
    this.lectures.addEventListener("change", () => this.#addLecture());
    this.lectureField = field({ label: "강의의 학생 모두", control: this.lectures.node, target: this.lectures.input });
    this.students = new StudentSearch({ label: "학생 한 명씩", app, signal });
    this.students.addEventListener("picked", (event) => {
      const student = /** @type {CustomEvent<import("../../students/client.js").Student>} */ (event).detail;
      this.add([{ id: student.id, name: student.name, hint: brief(student) }]);
    });
    this.count = h("strong", { class: "picked-count" });
    this.list = h("ul", { class: "audience-list", "aria-label": "고른 학생" });
    this.emptier = h("button", { class: "button button-quiet", type: "button", onclick: () => this.#empty() }, "모두 비우기");
    this.chosen = h("div", { class: "audience", hidden: true }, h("div", { class: "audience-head" }, this.count, this.emptier), this.list);
    this.error = h("p", { class: "field-error", hidden: true });
    this.node = h("div", { class: "stack" }, h("div", { class: "form-grid" }, this.lectureField.node, this.students.node), this.chosen, this.error);
    this.#loadLectures();
  }

  /** @returns {string[]} ids of the students that are ticked */
  get value() {
    return [...this.#rows].filter(([, { box }]) => box.checked).map(([id]) => id);
  }

  /** @returns {string} "" where the id is none of these */
  nameOf(/** @type {string} */ id) {
    return this.#rows.get(id)?.name ?? "";
  }

  setError(/** @type {string} */ message) {
    this.error.hidden = !message;
    this.error.textContent = message;
    if (message) this.lectures.input.focus();
  }

  add(/** @type {{ id: string, name: string, hint?: string }[]} */ students) {
    const before = this.#rows.size;
    for (const { id, name, hint = "" } of students) {
      if (this.#rows.has(id)) continue;
      const box = h("input", { type: "checkbox", class: "check", checked: true, onchange: () => this.#changed() });
      this.#rows.set(id, { name, box });
      this.list.append(h("li", {}, h("label", { class: "check-line" }, box, h("span", { class: "audience-name" }, name), hint && h("span", { class: "hint" }, hint))));
    }
    this.#changed();
    announce(`${number(this.#rows.size - before)}명을 더했습니다.`);
  }

  #changed() {
    const { length } = this.value;
    this.chosen.hidden = this.#rows.size === 0;
    this.count.textContent = length === this.#rows.size ? `학생 ${number(length)}명` : `학생 ${number(this.#rows.size)}명 가운데 ${number(length)}명`;
    this.setError("");
    this.dispatchEvent(new Event("change"));
  }

  #empty() {
    this.#rows.clear();
    fill(this.list);
    this.#changed();
    this.lectures.input.focus();
  }

  async #loadLectures() {
    this.lectures.setOptions([], "강의 목록을 불러오는 중입니다…");
    try {
      const lectures = await this.app.roster.lectures(this.signal);
      this.lectures.setOptions(lectures.map((each) => ({ id: each.id, label: each.title, hint: [each.subject, each.name, each.lecture_time].filter(Boolean).join(" · ") })), "맞는 강의가 없습니다.");
    } catch (error) {
      if (this.signal.aborted) return;
      this.lectures.setOptions([], "강의 목록을 불러오지 못했습니다.");
      this.lectureField.setError(explain(error));
    }
  }

  async #addLecture() {
    const lecture = this.lectures.value;
    if (!lecture) return;
    const { text } = this.lectures;
    this.lectures.pick(null);
    this.lectureField.setError("");
    try {
      const students = await this.app.messaging.studentsOf(lecture, this.signal);
      if (students.length) this.add(students.map((each) => ({ ...each, hint: text })));
      else this.lectureField.setError(`‘${text}’ 강의를 듣는 학생이 없습니다.`);
    } catch (error) {
      if (!this.signal.aborted) this.lectureField.setError(explain(error));
    }
  }
}
