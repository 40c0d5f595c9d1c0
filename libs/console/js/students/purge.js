import { number } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { namesLine } from "./words.js";

const PURGE_WORDS = "영구 삭제";

/**
 * Ask once more, with a text to type, and purge: one student by its name, several by the act.
 * @param {{ app: import("../main.js").App, students: { id: string, name: string }[], signal: AbortSignal }} spec
 */
export function askPurge({ app, students, signal }) {
  const [first] = students;
  const alone = students.length === 1;
  return ask({
    title: alone ? `${first.name} 학생을 영구 삭제할까요?` : `${number(students.length)}명을 영구 삭제할까요?`,
    action: PURGE_WORDS, bad: true, signal, typed: alone ? first.name : PURGE_WORDS,
    body: [!alone && namesLine(students),
      h("p", {}, "출결, 영상 학습, 메시지, 사진까지 이 학생의 모든 기록을 파기합니다. 되돌릴 수 없습니다."),
      h("p", { class: "hint" }, "서비스마다 파기를 마치면 파기 확인서에 기록됩니다.")],
    run: () => app.students.purgeAll(students.map((student) => student.id)),
  });
}
