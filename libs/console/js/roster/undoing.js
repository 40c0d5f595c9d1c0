import { number, phone, when } from "../format.js";
import { UNDO_REASONS } from "../labels.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { orDash } from "../ui/table.js";

/** @typedef {import("./client.js").Job} Job @typedef {import("./client.js").Row} Row */

/** Whether there is anything that could be taken back. @returns {boolean} */
export function undoable(/** @type {Job} */ job) {
  if (job.dry_run || job.undo?.status === "UNDOING") return false;
  if (job.undo) return job.undo.kept > 0;
  if (job.status === "FAILED") return job.error_code !== "import_cancelled";
  const { result } = job;
  return job.status === "DONE" && Boolean(result && (result.enrolled_count || result.registered_count));
}

/** @param {{ app: import("../main.js").App, job: Job, signal: AbortSignal }} spec @returns {Promise<Job | undefined>} */
export function askUndo({ app, job, signal }) {
  const again = Boolean(job.undo);
  return ask({
    title: again ? "남은 행을 다시 되돌릴까요?" : "이 가져오기를 되돌릴까요?", action: "되돌리기", bad: true, signal, run: () => app.roster.undo(job.job_id),
    body: [h("p", { class: "names-line" }, job.file_name),
      h("p", {}, "이 가져오기로 등록된 수강은 없어지고, 새로 만든 학생은 지워지며, 되살린 학생은 다시 삭제 목록으로 갑니다."),
      h("p", {}, "그 뒤에 누군가 고치거나 출결을 적은 행은 건드리지 않고 목록으로 보여 드립니다.")],
  });
}

/** What became of an undo, and what it left alone. @param {{ app: import("../main.js").App, job: Job, signal: AbortSignal }} spec */
export function undoNotice({ app, job, signal }) {
  const { undo } = job;
  if (!undo) return null;
  const who = `${undo.requested_by} · ${when(undo.requested_at)}`;
  if (undo.status === "UNDOING") return notice("info", "되돌리는 중입니다.", h("p", {}, `${number(undo.undone)}행을 되돌렸습니다. 이 창을 닫아도 계속됩니다.`), h("p", { class: "hint" }, who));
  const kept = undo.kept > 0;
  const told = notice(kept ? "warn" : "good", kept ? `${number(undo.undone)}행을 되돌리고 ${number(undo.kept)}행은 그대로 두었습니다.` : `${number(undo.undone)}행을 모두 되돌렸습니다.`, h("p", { class: "hint" }, who));
  return kept ? h("div", { class: "stack" }, told, conflicts({ app, job, signal })) : told;
}

/** Rows that somebody changed since. @param {{ app: import("../main.js").App, job: Job, signal: AbortSignal }} spec */
function conflicts({ app, job, signal }) {
  const url = job.result?.rows_url ?? app.roster.rowsUrl(job.job_id);
  const listing = new Listing({
    caption: "되돌리지 않은 행", unit: "행", signal, columns: COLUMNS, cells, empty: () => "되돌리지 않은 행이 없습니다.",
    read: async (cursor, run) => {
      const page = await app.roster.rows(url, { undo: "kept", cursor, signal: run });
      return { ...page, results: page.results.map((row) => ({ ...row, id: String(row.row) })) };
    },
  });
  listing.reload();
  return h("section", { class: "card list-card", "aria-labelledby": "kept-title" }, h("h2", { id: "kept-title", class: "card-title" }, "되돌리지 않은 행"), listing.node);
}

const COLUMNS = [{ key: "count", label: "행" }, { key: "name", label: "이름" }, { key: "phone", label: "학부모 전화" }, { key: "what", label: "이유" }];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Row} */ row) {
  const name = row.name ?? "";
  return [
    [number(row.row)],
    [row.student_id ? h("a", { class: "row-link", href: `#/students/${row.student_id}` }, name) : orDash(name)],
    [orDash(phone(row.parent_phone))],
    [UNDO_REASONS[row.undo_code ?? ""] ?? "그 뒤에 바뀌어 그대로 두었습니다."],
  ];
}
