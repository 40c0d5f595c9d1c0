import { ATTENDANCE_STATES } from "../../labels.js";
import { fill, h } from "../../ui/dom.js";
import { sessionLine } from "../words.js";

/**
 * What the keys do, as buttons: for the mouse, for the finger, and as the legend.
 * @param {{ onMark: (status: string) => void, onMemo: () => void }} spec
 */
export function toolbar({ onMark, onMemo }) {
  const where = h("p", { class: "grid-where" });
  const buttons = Object.entries(ATTENDANCE_STATES).map(([status, { label, tone, key }]) => h("button", {
    class: "mark mark-button", type: "button", "data-tone": tone, "data-status": status, disabled: true, onclick: () => onMark(status),
  }, label, key && h("kbd", { "aria-hidden": "true" }, key)));
  const memo = h("button", { class: "button button-small", type: "button", disabled: true, onclick: onMemo }, "메모");
  const node = h("div", { class: "grid-tools" }, where, h("div", { class: "mark-buttons", role: "group", "aria-label": "고른 칸에 적기" }, ...buttons, memo));

  /** Of which cell they speak. */
  const point = (/** @type {import("./model.js").Model} */ model, /** @type {import("./model.js").Place | null} */ place, /** @type {number} */ column) => {
    const mark = place && model.mark(place);
    const session = model.sessions[column];
    const student = place && model.students[place.row];
    fill(where, student && h("strong", {}, student.name), student ? " · " : "", session ? sessionLine(session) : "", place && !mark ? " · 이 차시에 없는 학생" : "",
      mark?.memo ? h("span", { class: "hint" }, ` 메모: ${mark.memo}`) : "");
    for (const each of buttons) each.disabled = !mark || mark.status === "SECESSION";
    memo.disabled = !mark;
  };
  return { node, point };
}
