import { newKey } from "../api.js";
import { ask, Incomplete } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";

/** @typedef {import("./client.js").Lecture} Lecture */

const COLOURS = ["#3b82f6", "#10b981", "#f59e0b", "#ef4444", "#8b5cf6", "#64748b"];
const EMPTY = { title: "", name: "", subject: "", lecture_time: "", start_date: null, end_date: null, description: "", chip_label: "", color: COLOURS[0], is_active: true };

/**
 * Make a lecture, or change one, in a dialog.
 * @param {{ app: import("../main.js").App, signal: AbortSignal, lecture?: Lecture }} spec
 * @returns {Promise<Lecture | undefined>}
 */
export function askLecture({ app, signal, lecture }) {
  const form = new LectureForm(lecture ?? EMPTY);
  const key = newKey();
  return ask({
    title: lecture ? "강의 정보 고치기" : "새 강의", action: lecture ? "저장" : "강의 만들기", wide: true, signal, body: form.body(),
    run: () => {
      const values = form.read();
      return lecture ? app.lectures.change(lecture.id, changed(values, lecture)) : app.lectures.create(values, key);
    },
    refused: (error) => (form.complain(error) ? h("div") : null),
  });
}

/** @returns {Record<string, any>} what differs */
function changed(/** @type {Record<string, any>} */ values, /** @type {Record<string, any>} */ before) {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== before[name]));
}

class LectureForm {
  constructor(/** @type {Record<string, any>} */ lecture) {
    const text = (/** @type {string} */ name, /** @type {number} */ max) => h("input", { class: "input", type: "text", maxlength: String(max), autocomplete: "off", value: lecture[name] });
    const date = (/** @type {string} */ name) => h("input", { class: "input", type: "date", value: lecture[name] ?? "" });
    /** @type {Record<string, HTMLInputElement | HTMLTextAreaElement>} by the API's names */
    this.inputs = {
      title: text("title", 255), subject: text("subject", 50), name: text("name", 255), lecture_time: text("lecture_time", 100),
      start_date: date("start_date"), end_date: date("end_date"), chip_label: text("chip_label", 2),
      color: h("input", { class: "input input-colour", type: "color", value: /^#[0-9a-f]{6}$/i.test(lecture.color) ? lecture.color : COLOURS[0] }),
      description: h("textarea", { class: "input", rows: "3", maxlength: "5000", value: lecture.description }),
    };
    this.active = h("input", { type: "checkbox", class: "check", checked: lecture.is_active });
    const labels = { title: "강의 이름", subject: "과목", name: "강사·반", lecture_time: "수업 시간", start_date: "시작일", end_date: "종료일", chip_label: "약칭 (두 글자)", color: "색", description: "설명" };
    /** @type {Record<string, import("../ui/field.js").Field>} */
    this.fields = Object.fromEntries(Object.entries(labels).map(([name, label]) =>
      [name, field({ label, control: this.inputs[name], optional: !["title", "color"].includes(name) })]));
  }

  /** @returns {import("../ui/dom.js").Child[]} */
  body() {
    const { title, subject, name, lecture_time, start_date, end_date, chip_label, color, description } = this.fields;
    const pair = (/** @type {import("../ui/field.js").Field[]} */ ...fields) => h("div", { class: "field-pair" }, ...fields.map((each) => each.node));
    const more = h("details", { class: "more-fields" }, h("summary", {}, "설명·표시"), h("div", { class: "stack" }, description.node, pair(chip_label, color)));
    return [title.node, pair(subject, name), lecture_time.node, pair(start_date, end_date), more,
      h("label", { class: "check-line" }, this.active, "운영 중인 강의", h("span", { class: "hint" }, "끄면 명단 등록 등에서 고를 수 없습니다."))];
  }

  /** @returns {Record<string, any>} Throws Incomplete. */
  read() {
    const { title, start_date, end_date } = this.inputs;
    for (const each of Object.values(this.fields)) each.setError("");
    if (!title.value.trim()) this.fields.title.setError("강의 이름을 적어 주세요.");
    if (start_date.value && end_date.value && end_date.value < start_date.value) this.fields.end_date.setError("종료일이 시작일보다 빠릅니다.");
    if (Object.values(this.fields).some((each) => each.hasError())) throw new Incomplete();
    const values = Object.entries(this.inputs).map(([name, input]) => [name, name.endsWith("_date") ? input.value || null : input.value.trim()]);
    return { ...Object.fromEntries(values), is_active: this.active.checked };
  }

  /** @returns {boolean} */
  complain(/** @type {unknown} */ error) {
    return complain(this.fields, error, { lecture_title_taken: "title" });
  }
}
