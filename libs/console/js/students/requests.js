import { phone, when } from "../format.js";
import { REQUEST_STATES } from "../labels.js";
import { ApiError } from "../api.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { badge, orDash } from "../ui/table.js";
import { schoolLine } from "./words.js";

/**
 * @typedef {{ id: string, status: string, name: string, parent_phone: string, student_phone: string | null, login_id: string | null,
 *             memo: string | null, created_at: string, decided_at: string | null, decided_by: string | null, reason: string | null,
 *             student_id: string | null, match: { kind: "active" | "deleted", student_id: string } | null } & Record<string, any>} Request
 * @typedef {{ app: import("../main.js").App, signal: AbortSignal }} Around
 */

export const COLUMNS = [
  { key: "name", label: "이름" }, { key: "school", label: "학교" }, { key: "phone", label: "전화" },
  { key: "login", label: "아이디" }, { key: "day", label: "신청" }, { key: "act", label: "처리" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
export function cells(/** @type {Request} */ request, /** @type {HTMLElement[]} */ buttons) {
  return [
    [h("span", { class: "request-name" }, request.name), match(request), request.memo && h("p", { class: "hint request-memo" }, request.memo)],
    [orDash(schoolLine(request))],
    [h("span", { class: "two-lines" }, h("span", {}, h("span", { class: "hint" }, "학부모 "), phone(request.parent_phone)),
      request.student_phone && h("span", {}, h("span", { class: "hint" }, "학생 "), phone(request.student_phone)))],
    [orDash(request.login_id)],
    [when(request.created_at)],
    [request.status === "pending" ? h("div", { class: "row-actions" }, ...buttons) : decided(request)],
  ];
}

function match(/** @type {Request} */ { match: found, status }) {
  if (!found || status !== "pending") return null;
  const [tone, word] = found.kind === "active" ? ["warn", "이미 있는 학생"] : ["info", "삭제된 학생"];
  return h("a", { class: "badge-link", href: `#/students/${found.student_id}` }, badge(tone, word));
}

function decided(/** @type {Request} */ request) {
  const state = REQUEST_STATES[request.status] ?? { tone: "calm", label: request.status };
  return h("div", { class: "two-lines" },
    h("span", {}, badge(state.tone, state.label), " ", request.student_id && h("a", { href: `#/students/${request.student_id}` }, "학생 열기")),
    request.decided_at && h("span", { class: "hint" }, [when(request.decided_at), request.decided_by].filter(Boolean).join(" · ")),
    request.reason && h("span", { class: "hint" }, `사유: ${request.reason}`));
}

/** Approve one; where a deleted student is meant, that one is brought back. @returns {Promise<boolean>} whether it was */
export async function approve(/** @type {Request} */ request, /** @type {Around} */ { app, signal }) {
  const path = `registration_requests/${encodeURIComponent(request.id)}/approve/`;
  if (request.match?.kind !== "deleted") {
    try {
      await app.students.send(path);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "deleted_student_exists")) throw error;
    }
  }
  const answer = await ask({
    title: "삭제된 학생을 복구하며 승인할까요?", action: "복구하고 승인", signal,
    body: [h("p", {}, `${request.name} 학생이 삭제 목록에 있습니다. 예전 기록을 그대로 되살리고, 로그인도 예전 아이디와 비밀번호로 합니다.`)],
    run: () => app.students.send(path, { on_deleted: "restore" }),
  });
  return answer !== undefined;
}

/** @param {string} title @param {(body: { reason?: string }) => Promise<any>} run @param {AbortSignal} signal */
export function askReject(title, run, signal) {
  const reason = h("textarea", { class: "input", rows: "2", maxlength: "200" });
  return ask({
    title, action: "거절", bad: true, signal,
    body: [field({ label: "사유", control: reason, optional: true, hint: "학원 안에서만 보입니다." }).node],
    run: () => run(reason.value.trim() ? { reason: reason.value.trim() } : {}),
  });
}
