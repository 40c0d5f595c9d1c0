import { brief } from "../students/words.js";
import { Combobox } from "../ui/combobox.js";
import { field } from "../ui/field.js";
import { explain } from "../ui/notice.js";

const TYPING_MS = 250;
const SHORT = "두 글자 이상 적어 주세요.";

/** @typedef {import("../students/client.js").Student} Student */

/** Find one student by name, number or school. Fires "picked" (detail: the student), and is empty again. */
export class StudentSearch extends EventTarget {
  /** @type {Map<string, Student>} */ #found = new Map();
  #timer = 0;

  /** @param {{ label: string, app: import("../main.js").App, signal: AbortSignal }} spec */
  constructor({ label, app, signal }) {
    super();
    this.app = app;
    this.signal = signal;
    this.combo = new Combobox({ placeholder: "이름, 전화번호, 학교로 찾기", listLabel: "찾은 학생", narrows: false });
    this.combo.setOptions([], SHORT);
    this.combo.addEventListener("change", () => this.#picked());
    this.combo.input.addEventListener("input", () => this.#typed());
    this.node = field({ label, control: this.combo.node, target: this.combo.input }).node;
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  #typed() {
    clearTimeout(this.#timer);
    const { text } = this.combo;
    if (text.length < 2) return this.combo.setOptions([], SHORT);
    this.combo.setOptions([], "찾는 중입니다…");
    this.#timer = window.setTimeout(() => this.#find(text), TYPING_MS);
  }

  async #find(/** @type {string} */ text) {
    try {
      const { results } = await this.app.students.page("", { search: text, page_size: 30 }, this.signal);
      if (this.combo.text !== text) return;
      this.#found = new Map(results.map((each) => [each.id, each]));
      this.combo.setOptions(results.map((each) => ({ id: each.id, label: each.name, hint: brief(each) })), "맞는 학생이 없습니다.");
    } catch (error) {
      if (!this.signal.aborted) this.combo.setOptions([], explain(error));
    }
  }

  #picked() {
    const student = this.#found.get(this.combo.value ?? "");
    if (!student) return;
    this.combo.pick(null);
    this.combo.setOptions([], SHORT);
    this.dispatchEvent(new CustomEvent("picked", { detail: student }));
  }
}
