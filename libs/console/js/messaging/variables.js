import { h } from "../ui/dom.js";

/** Words for the variables that a template may use. @type {Record<string, string>} */
const WORDS = {
  student_name: "학생 이름", academy: "학원 이름", date: "날짜", time: "시각", place: "장소", clinic_name: "클리닉", lecture: "강의", session: "차시",
  exam: "시험", assignment: "과제", due: "마감", title: "제목", link: "링크", month: "월", amount: "금액", login_id: "아이디", code: "인증번호",
};

/** Of every message: the server fills them in. */
export const OWN_VARIABLES = ["student_name", "academy"];

/** @returns {string} */
export function variableWord(/** @type {string} */ name) {
  return WORDS[name] ?? name;
}

/** Buttons that write `#{name}` where the cursor of `area` is. */
export function variableButtons(/** @type {string[]} */ names, /** @type {HTMLTextAreaElement} */ area) {
  const put = (/** @type {string} */ name) => {
    area.focus();
    area.setRangeText(`#{${name}}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  };
  return h("div", { class: "variables", role: "group", "aria-label": "변수 넣기" }, h("span", { class: "hint" }, "넣기"),
    ...names.map((name) => h("button", { class: "button button-small", type: "button", onclick: () => put(name) }, variableWord(name))));
}
