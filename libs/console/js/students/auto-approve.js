import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";

/**
 * Whether new requests are approved by themselves; a switch for those who may set it.
 * @param {{ app: import("../main.js").App, signal: AbortSignal }} spec
 */
export function autoApprove({ app, signal }) {
  const box = h("input", { type: "checkbox", class: "switch", role: "switch", disabled: true });
  const trouble = h("div");
  const word = h("span", { class: "hint" });
  const node = h("section", { class: "card auto-approve", hidden: true, "aria-label": "자동 승인" });
  const say = (/** @type {boolean} */ on) => (word.textContent = on ? "새 신청을 바로 승인합니다. 같은 이름과 전화번호의 학생이 있으면 사람이 확인합니다." : "새 신청은 사람이 확인할 때까지 기다립니다.");
  const set = async () => {
    box.disabled = true;
    fill(trouble);
    try {
      box.checked = (await app.students.setAutoApprove(box.checked)).auto_approve;
      announce(box.checked ? "자동 승인을 켰습니다." : "자동 승인을 껐습니다.");
    } catch (error) {
      box.checked = !box.checked;
      if (!signal.aborted) fill(trouble, errorNotice(error));
    }
    say(box.checked);
    box.disabled = false;
    box.focus();
  };
  box.addEventListener("change", set);
  const show = async () => {
    try {
      box.checked = (await app.students.settings(signal)).auto_approve;
    } catch {
      return; // the list below says what is wrong
    }
    say(box.checked);
    box.disabled = false;
    const { manages } = app.auth;
    fill(node, manages ? h("label", { class: "check-line" }, box, h("strong", {}, "자동 승인")) : h("strong", {}, box.checked ? "자동 승인 켜짐" : "자동 승인 꺼짐"), word, trouble);
    node.hidden = false;
  };
  show();
  return node;
}
