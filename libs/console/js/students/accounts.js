import { phone } from "../format.js";
import { Incomplete, ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { passwordInput } from "../ui/password.js";
import { badge, orDash } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {{ app: import("../main.js").App, signal: AbortSignal, changed: () => void }} Around */

const MIN_PASSWORD = 4;

/** The accounts by which the student and the parent sign in. @param {Around & { student: import("./client.js").Detail }} spec */
export function accountsCard({ student, ...around }) {
  const own = { who: encodeURIComponent(student.id), name: `${student.name} 학생` };
  const { parent } = student;
  return h("section", { class: "card side-card", "aria-labelledby": "accounts-title" },
    h("h2", { id: "accounts-title", class: "card-title" }, "로그인 계정"),
    account("학생", student.login_id, student.must_change, student.deleted_at ? null : () => resetPassword(own, around)),
    parent && account("학부모", parent.login_id, parent.must_change, () =>
      resetPassword({ who: `parents/${encodeURIComponent(parent.id)}`, name: parent.name }, around)));
}

/**
 * @param {string} kind @param {string | null} loginId @param {boolean | null} mustChange
 * @param {(() => void) | null} reset
 */
function account(kind, loginId, mustChange, reset) {
  return h("div", { class: "account" },
    h("div", { class: "account-who" }, h("span", { class: "account-kind" }, kind), h("span", { class: "account-id" }, orDash(loginId))),
    mustChange && badge("warn", "비밀번호 바꾸기 전"),
    reset && h("button", { class: "button button-small", type: "button", "aria-label": `${kind} 비밀번호 다시 정하기`, onclick: reset }, "비밀번호 다시 정하기"));
}

/** @param {{ who: string, name: string }} whose @param {Around} around */
async function resetPassword({ who, name }, { app, signal, changed }) {
  const password = passwordInput({ autocomplete: "new-password", maxlength: "128", autocapitalize: "off", spellcheck: "false" });
  const line = field({ label: "새 비밀번호", control: password.node, target: password.input, hint: `${MIN_PASSWORD}자 이상. 다음에 로그인할 때 본인이 바꾸게 됩니다.` });
  password.input.addEventListener("input", () => line.setError(""));
  const done = await ask({
    title: `${name} 비밀번호를 다시 정할까요?`, action: "다시 정하기", signal,
    body: [h("p", {}, "지금 로그인한 기기에서는 모두 로그아웃되고, 로그인 잠금도 풀립니다."), line.node],
    run: async () => {
      const text = password.input.value.trim();
      line.setError(text.length < MIN_PASSWORD ? `비밀번호를 ${MIN_PASSWORD}자 이상 적어 주세요.` : "");
      if (line.hasError()) throw new Incomplete();
      await app.students.resetPassword(who, text);
      return true;
    },
  });
  if (!done) return;
  toast(`${name} 비밀번호를 다시 정했습니다.`);
  changed();
}

/** The parent, and the brothers and sisters by the same parent. */
export function familyCard(/** @type {import("./client.js").Detail} */ student) {
  const { parent, siblings } = student;
  return h("section", { class: "card side-card", "aria-labelledby": "family-title" },
    h("h2", { id: "family-title", class: "card-title" }, "가족"),
    h("dl", { class: "fact-list fact-list-narrow" },
      h("div", { class: "fact" }, h("dt", {}, "학부모"), h("dd", {}, orDash(parent && h("span", { class: "two-lines" }, h("span", {}, parent.name), h("span", {}, phone(parent.phone)))))),
      h("div", { class: "fact" }, h("dt", {}, "형제자매"), h("dd", {}, siblings.length
        ? h("ul", {}, ...siblings.map((each) => h("li", {}, h("a", { href: `#/students/${each.id}` }, each.name)))) : orDash("")))));
}
