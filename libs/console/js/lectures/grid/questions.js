import { number } from "../../format.js";
import { ATTENDANCE_STATES } from "../../labels.js";
import { choices } from "../../ui/choices.js";
import { ask } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { field } from "../../ui/field.js";
import { sessionLine } from "../words.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./model.js").Place} Place */

const GONE = "퇴원 처리하면 수강이 종료되고, 이 강의의 모든 차시가 ‘퇴원’으로 바뀝니다. 되돌릴 수 없습니다.";
/** The choice that marks nobody. */
export const PUT = "PUT";

/**
 * A mark that ends an enrollment for good. @template T
 * @param {{ model: Model, place: Place, run: () => Promise<T>, signal: AbortSignal }} spec
 */
export function askSecession({ model, place, run, signal }) {
  return ask({
    title: "퇴원 처리할까요?", action: "퇴원 처리", bad: true, signal, run,
    body: [h("p", { class: "names-line" }, model.students[place.row].name), h("p", {}, GONE), h("p", { class: "hint" }, "학부모에게 알림이 가지 않습니다.")],
  });
}

/** The same for a whole session. @template T @param {{ model: Model, column: number, count: number, run: () => Promise<T>, signal: AbortSignal }} spec */
export function askSecessions({ model, column, count, run, signal }) {
  return ask({
    title: `${number(count)}명을 퇴원 처리할까요?`, action: `${number(count)}명 퇴원 처리`, bad: true, signal, run, typed: "퇴원",
    body: [h("p", { class: "names-line" }, sessionLine(model.sessions[column])), h("p", {}, GONE)],
  });
}

/** @template T @param {{ model: Model, place: Place, run: (memo: string) => Promise<T>, signal: AbortSignal }} spec */
export function askMemo({ model, place, run, signal }) {
  const text = h("textarea", { class: "input", rows: "3", maxlength: "1000", value: model.mark(place)?.memo ?? "" });
  const memo = field({ label: "메모", control: text, hint: "학생과 학부모에게는 보이지 않습니다.", optional: true });
  const who = `${model.students[place.row].name} · ${sessionLine(model.sessions[place.column])}`;
  return ask({ title: "출결 메모", action: "저장", signal, body: [h("p", { class: "names-line" }, who), memo.node], run: () => run(text.value.trim()) });
}

/**
 * What to do with a whole session. @returns {Promise<{ status: string, onlyUnset: boolean } | undefined>} `status` may be PUT
 * @param {{ model: Model, column: number, signal: AbortSignal }} spec
 */
export function askColumn({ model, column, signal }) {
  const left = model.unset(column);
  const missing = model.missing(column).length;
  const put = missing > 0 ? [{ value: PUT, label: `이 차시에 없는 수강생 ${number(missing)}명 넣기` }] : [];
  const empty = model.students.every((student) => !student.attendance[model.sessions[column].id]);
  const marks = Object.entries(ATTENDANCE_STATES).map(([value, { label }]) => ({ value, label }));
  const pick = choices({ label: "무엇으로 할까요?", items: empty ? put : [...marks, ...put], value: empty ? PUT : "PRESENT", onPick: (value) => narrowFor(value) });
  const narrowFor = (/** @type {string} */ value) => {
    only.disabled = value === PUT || value === "UNSET";
    if (value === "UNSET") only.checked = false; // of those who are 미입력 nobody would change
  };
  const only = h("input", { type: "checkbox", class: "check", checked: true });
  const narrow = h("label", { class: "check-line" }, only, `미입력인 학생 ${number(left)}명만 바꾸기`);
  return ask({
    title: sessionLine(model.sessions[column]), action: "바꾸기", signal,
    body: [empty && put.length === 0 ? h("p", {}, "이 차시에도, 강의에도 수강 중인 학생이 없습니다.") : h("p", { class: "lead" }, "이 차시를 한꺼번에 바꿉니다. 바꾼 뒤 10분 안에 되돌릴 수 있습니다(퇴원은 제외)."),
      h("div", { class: "column-choices" }, pick.node), !empty && narrow],
    run: async () => ({ status: pick.value, onlyUnset: only.checked }),
  });
}
