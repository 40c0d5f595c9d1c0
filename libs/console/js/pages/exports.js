import { size, when } from "../format.js";
import { EXPORT_KINDS, EXPORT_STATES } from "../labels.js";
import { download, GONE, made } from "../exports/panel.js";
import { chips } from "../ui/chips.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { pageOf, workButton } from "../ui/page.js";
import { orDash, wordBadge } from "../ui/table.js";

/** @typedef {import("../exports/client.js").Export} Export */

/** `#/exports?kind=…`: workbooks that were made, and what can still be had of them. */
export function exportsPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  let kind = EXPORT_KINDS[query.get("kind") ?? ""] ? query.get("kind") ?? "" : "";
  const trouble = h("div");
  const fetchButton = (/** @type {Export} */ job) => workButton("받기", {
    kind: "button-small", symbol: "download", trouble,
    run: async () => {
      const now = await download({ app, id: job.id, signal });
      if (now.download_url) return;
      await listing.reload();
      trouble.append(notice("warn", now.error_message ?? GONE));
    },
  });
  const listing = new Listing({
    caption: "내보낸 파일", unit: "개", signal, columns: COLUMNS, cells: (job) => cells(job, fetchButton(job)),
    read: (cursor, run) => app.exports.page({ kind, cursor }, run),
    empty: () => "내보낸 파일이 없습니다. 강의의 수강생·출결 화면이나 명단 등록 결과에서 내보낼 수 있습니다.",
  });
  const pick = (/** @type {string} */ wanted) => {
    kind = wanted;
    app.router.keep({ kind });
    listing.reload();
  };
  const filter = chips({ label: "종류로 거르기", items: [{ value: "", label: "모두" }, ...Object.entries(EXPORT_KINDS).map(([value, label]) => ({ value, label }))], onPick: pick });
  filter.select(kind);
  pick(kind);
  const again = h("button", { class: "button", type: "button", onclick: () => listing.reload() }, "새로 고침");
  return pageOf({ title: "내보낸 파일", lead: "파일은 만든 뒤 24시간 동안 받을 수 있습니다.", crumb: { href: app.router.last("/lectures"), label: "강의" }, actions: [again] }, trouble,
    h("section", { class: "card list-card", "aria-label": "내보낸 파일" }, filter.node, listing.node));
}

const COLUMNS = [
  { key: "name", label: "파일" }, { key: "state", label: "상태" }, { key: "count", label: "크기" }, { key: "day", label: "만든 사람" }, { key: "act", label: "할 일" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Export} */ job, /** @type {HTMLElement} */ fetch) {
  return [
    [h("span", { class: "file-cell" }, icon("file"), h("span", { class: "two-lines" }, h("span", { class: "request-name" }, job.file_name), h("span", { class: "hint" }, EXPORT_KINDS[job.kind] ?? job.kind)))],
    [h("span", { class: "two-lines" }, h("span", {}, wordBadge(EXPORT_STATES, job.status)), h("span", { class: "hint" }, stateHint(job)))],
    [orDash(job.bytes === null ? "" : size(job.bytes))],
    [h("span", { class: "two-lines" }, h("span", {}, job.requested_by), h("span", { class: "hint" }, when(job.created_at)))],
    [job.status === "DONE" ? fetch : orDash("")],
  ];
}

/** @returns {string} */
function stateHint(/** @type {Export} */ job) {
  if (!made(job)) return `${job.progress.percent}%`;
  if (job.status === "EXPIRED") return "24시간이 지났습니다.";
  return job.error_message ?? (job.expires_at ? `${when(job.expires_at)}까지` : "");
}
