import { clock, number, when } from "../format.js";
import { taskState } from "../operations/tasks.js";
import { mono, serviceCell, silentNotice } from "../operations/words.js";
import { chips } from "../ui/chips.js";
import { fill, h } from "../ui/dom.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";
import { badge, dataTable, orDash } from "../ui/table.js";
import { update } from "../ui/update.js";
import { watch } from "../ui/watch.js";

const EVERY_MS = 30_000;

/** @typedef {{ service: string, task: import("../operations/client.js").Task, state: ReturnType<typeof taskState> }} Row */

/** `#/operations/tasks?only=trouble`: the periodic tasks of all services. */
export function tasksPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const trouble = h("div", { class: "stack" });
  const box = h("div", {}, h("p", { class: "loading", role: "status" }, "불러오는 중입니다…"));
  const measured = h("p", { class: "hint" });
  let only = query.get("only") === "trouble" ? "trouble" : "";
  let rows = /** @type {Row[]} */ ([]);
  const draw = () => update(box, only ? troublesTable(rows) : tasksTable(rows));
  const filter = chips({
    label: "작업 거르기", items: [{ value: "", label: "모두" }, { value: "trouble", label: "문제 있는 것" }], onPick: (value) => {
      only = value;
      app.router.keep({ only });
      draw();
    },
  });
  filter.select(only);
  watch({
    ask: () => app.operations.everywhere("tasks/", signal), signal, first: EVERY_MS, slowest: EVERY_MS, inSight: true,
    onValue: ({ parts, silent }) => {
      rows = sorted([...parts].flatMap(([service, part]) => part.results.map((/** @type {any} */ task) => ({ service, task, state: taskState(task) }))));
      fill(trouble, silentNotice(silent));
      draw();
      measured.textContent = `30초마다 새로 고칩니다. 마지막 ${clock(Date.now())}`;
    },
    onTrouble: (error) => fill(trouble, error && notice("warn", explain(error), h("p", {}, "자동으로 다시 연결하고 있습니다."))),
    onRefused: (error) => {
      fill(box);
      fill(trouble, errorNotice(error));
    },
  });
  return pageOf({ title: "정기 작업", lead: "모든 서비스가 때마다 스스로 하는 일입니다." }, trouble,
    h("section", { class: "card list-card", "aria-label": "정기 작업 목록" }, h("div", { class: "list-head" }, filter.node), box, measured));
}

/** What needs a person comes first. @returns {Row[]} */
function sorted(/** @type {Row[]} */ rows) {
  return rows.toSorted((a, b) => Number(b.state.trouble) - Number(a.state.trouble));
}

function troublesTable(/** @type {Row[]} */ rows) {
  const troubled = rows.filter((row) => row.state.trouble);
  return troubled.length ? tasksTable(troubled) : h("p", { class: "listing-empty" }, "밀리거나 실패한 작업이 없습니다.");
}

const COLUMNS = [
  { key: "name", label: "작업" }, { key: "service", label: "서비스" }, { key: "state", label: "상태" }, { key: "day", label: "다음 차례" },
  { key: "day", label: "마지막 성공" }, { key: "reason-code", label: "마지막 오류" },
];

function tasksTable(/** @type {Row[]} */ rows) {
  const table = dataTable(`정기 작업 ${number(rows.length)}개`, COLUMNS, "listing");
  for (const { service, task, state } of rows) {
    table.add([
      [h("span", { class: "task-name" }, task.name)], [serviceCell(service)], [badge(state.tone, state.label)], [orDash(when(task.due_at))],
      [orDash(when(task.finished_at))], [orDash(state.tone === "bad" && task.last_error && mono(task.last_error))],
    ]);
  }
  return table.node;
}
