import { day, today } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { notice } from "../ui/notice.js";
import { reasonField } from "../ui/reason.js";

/** @typedef {{ app: import("../main.js").App, student: import("./client.js").Detail, signal: AbortSignal, changed: () => void }} Spec */

/** Ask why and until when the record must be kept. */
export async function askHold(/** @type {Spec} */ { app, student, signal, changed }) {
  const reason = reasonField({ max: 200, missing: "보류하는 사유를 적어 주세요." });
  const until = h("input", { class: "input", type: "date", min: today() });
  const done = await ask({
    title: `${student.name} 학생의 파기를 보류할까요?`, action: "보류", signal,
    body: [h("p", {}, "보류하는 동안에는 30일이 지나도 파기되지 않고, 직접 영구 삭제할 수도 없습니다."), reason.node,
      field({ label: "언제까지", control: until, optional: true, hint: "비워 두면 풀 때까지 보류합니다." }).node],
    run: async () => app.students.hold(student.id, { reason: reason.read(), ...(until.value && { until: until.value }) }),
  });
  if (done) changed();
}

/** That the record is held, why and until when. @param {Spec} spec */
export function holdNotice({ app, student, signal, changed }) {
  const { hold } = student;
  if (!hold) return null;
  const release = async () => {
    const run = async () => (await app.students.release(student.id), true);
    if (await ask({ title: "파기 보류를 풀까요?", action: "보류 풀기", signal, run, body: [h("p", {}, "풀면 보관 기간이 끝났을 때 다시 파기됩니다.")] })) changed();
  };
  return notice("info", hold.until ? `${lastDay(hold.until)}까지 파기를 보류합니다.` : "파기를 보류하고 있습니다.",
    h("p", {}, hold.reason), h("p", { class: "small-print" }, `${day(hold.created_at)} ${hold.created_by}`),
    app.auth.manages && h("button", { class: "button button-small", type: "button", onclick: release }, "보류 풀기"));
}

/** A hold ends at midnight: the day before is its last. @returns {string} */
function lastDay(/** @type {string} */ until) {
  return day(new Date(Date.parse(until) - 1).toISOString());
}
