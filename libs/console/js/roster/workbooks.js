import { download, ExportPanel, GONE } from "../exports/panel.js";
import { number } from "../format.js";
import { fill, h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { workButton } from "../ui/page.js";

/** @typedef {import("./client.js").Job} Job */

/**
 * What can be taken home of an import: the sender's sheet with its results, what failed of it, a plain table.
 * @param {{ app: import("../main.js").App, job: Job, signal: AbortSignal }} spec
 */
export function workbooks({ app, job, signal }) {
  const panel = new ExportPanel({ app, signal });
  const trouble = h("div");
  const own = job.workbook;
  const fetch = own && workButton("결과를 적은 원본", {
    symbol: "download", trouble,
    run: async () => {
      const now = await download({ app, id: own, signal });
      if (!now.download_url) fill(trouble, notice("warn", now.error_message ?? GONE));
    },
  });
  const failed = Number(job.result?.failed_count ?? 0);
  return h("section", { class: "card stack", "aria-labelledby": "workbooks-title" }, h("h2", { id: "workbooks-title", class: "card-title" }, "엑셀로 받기"),
    h("div", { class: "actions" }, fetch, own && failed > 0 && panel.button(`실패한 ${number(failed)}행만`, "failed_rows", job.job_id), panel.button("결과표", "import_results", job.job_id)),
    h("p", { class: "hint" }, own ? "원본은 올린 시트에 결과·사유·조치 칸을 더한 파일로, 24시간 동안 받을 수 있습니다. 실패한 행만 받아 고친 뒤 다시 올리면 그 행만 처리합니다." : "올린 시트에 결과를 적은 파일은 없거나 24시간이 지났습니다. 결과표는 언제든 만들 수 있습니다."),
    trouble, panel.node);
}
