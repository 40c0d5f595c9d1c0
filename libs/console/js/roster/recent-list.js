import { ApiError } from "../api.js";
import { when } from "../format.js";
import { JOB_STATES } from "../labels.js";
import { fill, h } from "../ui/dom.js";
import { badge } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { ended, watchJob } from "./watch.js";

/** @typedef {import("./recent.js").Entry} Entry */

/**
 * What was started in this browser; follows those that still run, and says so when one ends.
 * @param {{ app: import("../main.js").App, signal: AbortSignal, titleOf: (lectureId: string) => string }} spec
 */
export function recentList({ app, signal, titleOf }) {
  const list = h("ul", { class: "recent-list" });
  const clear = h("button", { class: "button button-quiet", type: "button" }, "목록 지우기");
  const node = h("aside", { class: "card recent", "aria-labelledby": "recent-title" },
    h("h2", { id: "recent-title", class: "card-title" }, "최근 작업"), list,
    h("p", { class: "hint" }, "이 브라우저에서 올린 작업입니다. 창을 닫아도 작업은 계속됩니다."), clear);

  const draw = () => {
    const entries = app.recent.list();
    node.hidden = entries.length === 0;
    fill(list, ...entries.map((entry) => row(entry, titleOf(entry.lectureId))));
  };
  clear.addEventListener("click", () => {
    app.recent.clear();
    draw();
    document.getElementById("main")?.focus();
  });
  draw();
  for (const entry of app.recent.list()) if (!ended(entry.status)) follow(entry);
  return { node, draw };

  function follow(/** @type {Entry} */ entry) {
    let shown = entry.status;
    watchJob({
      ask: () => app.roster.job(entry.id, signal), signal,
      onTrouble: () => {},
      onRefused: (error) => {
        if (error instanceof ApiError && error.status === 404) app.recent.remove(entry.id);
        draw();
      },
      onJob: (job) => {
        if (job.status === shown) return;
        shown = job.status;
        app.recent.setStatus(entry.id, job.status);
        draw();
        if (ended(job.status)) tell(entry, job.status);
      },
    });
  }
}

function tell(/** @type {Entry} */ entry, /** @type {string} */ status) {
  const text = status === "DONE" ? `‘${entry.file}’ 처리가 끝났습니다.` : `‘${entry.file}’ 처리에 실패했습니다.`;
  toast(text, { href: `#/jobs/${entry.id}`, label: "결과 보기" });
}

function row(/** @type {Entry} */ entry, /** @type {string} */ lecture) {
  const state = JOB_STATES[entry.status] ?? JOB_STATES.PENDING;
  const facts = [entry.dryRun ? "미리보기" : "등록", lecture].filter(Boolean).join(" · ");
  return h("li", {}, h("a", { class: "recent-link", href: `#/jobs/${entry.id}` },
    h("span", { class: "recent-name" }, entry.file), badge(state.tone, state.label), h("span", { class: "recent-facts" }, facts), h("span", { class: "recent-facts" }, when(entry.at))));
}
