import { number, phone, when } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";

/**
 * Somebody of this name and parent's phone is here already, or was: what can be done instead.
 *
 * @param {{ error: import("../api.js").ApiError, values: Record<string, any>, app: import("../main.js").App, signal: AbortSignal }} spec
 * @returns {HTMLElement | null} null if the error is another one
 */
export function conflictNotice({ error, values, app, signal }) {
  if (error.code === "duplicate_student" && error.members.existing_student) return existing(error.members.existing_student);
  if (error.code !== "deleted_student_exists" || !error.members.deleted_student) return null;
  const deleted = error.members.deleted_student;
  const count = Number(error.members.candidates ?? 1);
  const choose = (/** @type {"restore" | "delete"} */ action) => async () => {
    const id = await resolve({ action, deleted, values, app, signal });
    if (id) app.router.go(`/students/${id}`);
  };
  return notice("warn", "삭제된 학생이 있습니다.",
    h("p", {}, `${deleted.name} 학생을 ${when(deleted.deleted_at)}에 삭제했습니다. 어느 쪽인지 골라 주세요.`),
    count > 1 && h("p", {}, `같은 학생이 삭제 목록에 ${number(count)}명 있어, 가장 나중에 삭제한 기록을 보여 드립니다. `,
      h("a", { href: `#/trash?search=${encodeURIComponent(deleted.name)}` }, "모두 보기")),
    who(deleted),
    h("div", { class: "actions" },
      h("button", { class: "button button-main", type: "button", onclick: choose("restore") }, "복구"),
      app.auth.manages && h("button", { class: "button", type: "button", onclick: choose("delete") }, "새로 등록")),
    !app.auth.manages && h("p", { class: "hint" }, "예전 기록을 지우고 새로 등록하는 것은 원장과 관리자만 할 수 있습니다."));
}

function existing(/** @type {any} */ student) {
  return notice("warn", "이미 있는 학생입니다.",
    h("p", {}, "이름과 학부모 전화번호가 같은 학생이 있어 새로 만들지 않았습니다."), who(student),
    h("div", { class: "actions" }, h("a", { class: "button button-main", href: `#/students/${student.id}` }, "열기")));
}

function who(/** @type {any} */ student) {
  return h("p", { class: "who" }, [student.name, phone(student.parent_phone), student.login_id].filter(Boolean).join(" · "));
}

const QUESTIONS = {
  restore: {
    title: "삭제된 학생을 복구할까요?", action: "복구", bad: false,
    text: "예전 기록을 되살리고, 지금 적은 내용을 그 위에 적습니다. 비밀번호와 수강은 바뀌지 않습니다.",
  },
  delete: {
    title: "예전 기록을 지우고 새로 등록할까요?", action: "지우고 새로 등록", bad: true,
    text: "삭제된 학생의 출결과 학습 기록까지 모두 영구 삭제합니다. 되돌릴 수 없습니다.",
  },
};

/** @param {{ action: "restore" | "delete", deleted: any, values: Record<string, any>, app: import("../main.js").App, signal: AbortSignal }} spec */
function resolve({ action, deleted, values, app, signal }) {
  const { title, text, bad, action: word } = QUESTIONS[action];
  return ask({
    title, bad, signal, action: word, body: [h("p", {}, text), who(deleted)], typed: bad ? deleted.name : undefined,
    run: async () => {
      const answer = await app.students.resolve(deleted.id, action, values);
      const [done] = answer.results;
      if (!done?.student_id) throw new Refused(answer.failed[0]?.error ?? "처리하지 못했습니다.");
      return /** @type {string} */ (done.student_id);
    },
    refused: (error) => (error instanceof Refused ? notice("bad", error.message) : null),
  });
}

class Refused extends Error {}
