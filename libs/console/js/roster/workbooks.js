import { download, ExportPanel, GONE } from "../exports/panel.js";
import { number } from "../format.js";
import { fill, h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { workButton } from "../ui/page.js";
import { watch } from "../ui/watch.js";

/** @typedef {import("./client.js").Job} Job */

const FIRST_MS = 1000;
const SLOWEST_MS = 5000;
const ASKED_AT_MOST = 40; // some three minutes
const STILL_MADE_MS = 3_600_000; // of a job that is older than this none will come

const HINTS = {
  there: "원본은 올린 시트에 결과·사유·조치 칸을 더한 파일로, 24시간 동안 받을 수 있습니다. 실패한 행만 받아 고친 뒤 다시 올리면 그 행만 처리합니다.",
  coming: "올린 시트에 결과를 적고 있습니다. 다 되면 여기에 나타납니다.",
  none: "올린 시트에 결과를 적은 파일은 없거나 24시간이 지났습니다. 결과표는 언제든 만들 수 있습니다.",
};

/**
 * What can be taken home of an import: the sender's sheet with its results, what failed of it, a plain table.
 * The first is written after the import has ended.
 * @param {{ app: import("../main.js").App, job: Job, signal: AbortSignal }} spec
 */
export function workbooks({ app, job, signal }) {
  const panel = new ExportPanel({ app, signal });
  const trouble = h("div");
  const actions = h("div", { class: "actions" });
  const hint = h("p", { class: "hint", role: "status" });
  const table = panel.button("결과표", "import_results", job.job_id);
  const failed = Number(job.result?.failed_count ?? 0);
  const draw = (/** @type {string | null} */ book, /** @type {keyof typeof HINTS} */ state) => {
    fill(actions, book && ownSheet({ app, book, trouble, signal }), book && failed > 0 && panel.button(`실패한 ${number(failed)}행만`, "failed_rows", job.job_id), table);
    hint.textContent = HINTS[state];
  };
  const coming = !job.workbook && !job.undo && Date.now() - Date.parse(job.created_at) < STILL_MADE_MS;
  draw(job.workbook, job.workbook ? "there" : coming ? "coming" : "none");
  if (coming) awaitBook({ app, job, signal, show: (book) => draw(book, book ? "there" : "none") });
  return h("section", { class: "card stack", "aria-labelledby": "workbooks-title" },
    h("h2", { id: "workbooks-title", class: "card-title" }, "엑셀로 받기"), actions, hint, trouble, panel.node);
}

/** @param {{ app: import("../main.js").App, book: string, trouble: Element, signal: AbortSignal }} spec `book`: the export's id */
function ownSheet({ app, book, trouble, signal }) {
  return workButton("결과를 적은 원본", {
    symbol: "download", trouble,
    run: async () => {
      const now = await download({ app, id: book, signal });
      if (!now.download_url) fill(trouble, notice("warn", now.error_message ?? GONE));
    },
  });
}

/** @param {{ app: import("../main.js").App, job: Job, signal: AbortSignal, show: (book: string | null) => void }} spec */
function awaitBook({ app, job, signal, show }) {
  let asked = 0;
  watch({
    ask: () => app.roster.job(job.job_id, signal), signal, first: FIRST_MS, slowest: SLOWEST_MS, inSight: true,
    over: (now) => now.workbook !== null || (asked += 1) >= ASKED_AT_MOST,
    onValue: (now) => (now.workbook || asked + 1 >= ASKED_AT_MOST) && show(now.workbook),
    onTrouble: () => {}, onRefused: () => show(null),
  });
}
