import { number } from "../format.js";
import { StudentSearch } from "../messaging/student-search.js";
import { brief } from "../students/words.js";
import { ask, Incomplete } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { notice } from "../ui/notice.js";

/** @typedef {import("../students/client.js").Student} Student */

/**
 * Find students and enrol them in a lecture, all or none.
 * @param {{ app: import("../main.js").App, signal: AbortSignal, lecture: string }} spec
 * @returns {Promise<{ enrolled: number, already: number } | undefined>}
 */
export function askStudents({ app, signal, lecture }) {
  /** @type {Map<string, Student>} */
  const picked = new Map();
  const search = new StudentSearch({ label: "학생 찾기", app, signal });
  const list = h("ul", { class: "picked-students", "aria-label": "등록할 학생" });
  const missing = h("div");
  const draw = () => {
    fill(missing);
    fill(list, ...[...picked.values()].map((student) => h("li", {}, h("span", { class: "two-lines" }, h("strong", {}, student.name), h("span", { class: "hint" }, brief(student))),
      h("button", { class: "icon-button", type: "button", "aria-label": `${student.name} 빼기`, onclick: () => drop(student.id) }, icon("cross")))));
  };
  const drop = (/** @type {string} */ id) => {
    picked.delete(id);
    draw();
    search.combo.input.focus();
  };
  search.addEventListener("picked", (event) => {
    const student = /** @type {CustomEvent<Student>} */ (event).detail;
    picked.set(student.id, student);
    draw();
  });
  return ask({
    title: "수강생 추가", action: "등록", signal, body: [search.node, list, missing, h("p", { class: "hint" }, "종료한 학생은 다시 수강 중이 됩니다. 학부모에게 알림이 가지 않습니다.")],
    run: async () => {
      if (picked.size === 0) {
        fill(missing, notice("warn", "등록할 학생을 한 명 이상 골라 주세요."));
        search.combo.input.focus();
        throw new Incomplete();
      }
      const { results } = await app.lectures.enrol(lecture, [...picked.keys()]);
      const already = results.filter((row) => row.already_enrolled).length;
      return { enrolled: results.length - already, already };
    },
  });
}

/** @returns {string} */
export function enrolledWord(/** @type {{ enrolled: number, already: number }} */ { enrolled, already }) {
  return `${number(enrolled)}명을 등록했습니다.${already ? ` ${number(already)}명은 이미 수강 중입니다.` : ""}`;
}
