import { number, when } from "../format.js";
import { SERVICE_CODES } from "../labels.js";
import { h } from "../ui/dom.js";
import { badge, dataTable, orDash } from "../ui/table.js";
import { taskState } from "./tasks.js";
import { ago, links, serviceCell } from "./words.js";

/**
 * @typedef {{ queues: import("./client.js").QueueState[], letters: number, tasks: import("./client.js").Task[] }} Now
 *          what a service holds at this moment; `letters`: open dead letters
 */

const STALE_MS = 60_000; // a worker looks every 15 s

const SERVICE_COLUMNS = [
  { key: "name", label: "서비스" }, { key: "count", label: "대기" }, { key: "count", label: "처리 중" }, { key: "count", label: "지연" },
  { key: "count", label: "실패함 대기열" }, { key: "count", label: "실패한 메시지" }, { key: "state", label: "정기 작업" }, { key: "age", label: "측정" },
];

/** A line per service: its queue, its dead letters, its tasks, and when its worker last looked. */
export function servicesTable(/** @type {Map<string, Now>} */ now) {
  const table = dataTable("서비스별 현황", SERVICE_COLUMNS, "listing figures-table");
  for (const service of SERVICE_CODES) {
    const found = now.get(service);
    table.add(found ? serviceCells(service, found) : [[serviceCell(service)], [badge("warn", "응답 없음")], ...SERVICE_COLUMNS.slice(2).map(() => [orDash("")])]);
  }
  return table.node;
}

/** @returns {import("../ui/dom.js").Child[][]} */
function serviceCells(/** @type {string} */ service, /** @type {Now} */ { queues, letters, tasks }) {
  const main = queues.find((queue) => !queue.queue.endsWith("-dlq"));
  const dead = queues.find((queue) => queue.queue.endsWith("-dlq"));
  const troubles = tasks.filter((task) => taskState(task).trouble).length;
  const count = (/** @type {number | undefined} */ value) => [orDash(value !== undefined && figure(value))];
  return [
    [serviceCell(service)], count(main?.visible), count(main?.in_flight), count(main?.delayed),
    [orDash(dead && figure(dead.visible + dead.in_flight + dead.delayed, "bad"))],
    [letters ? h("a", { href: links.letters(service) }, figure(letters, "warn")) : figure(0)],
    [troubles ? h("a", { href: "#/operations/tasks" }, badge("bad", `${number(troubles)}개 문제`)) : badge("good", "정상")],
    [measured(main)],
  ];
}

/** A worker that does not look is perhaps not there. */
function measured(/** @type {import("./client.js").QueueState | undefined} */ queue) {
  if (!queue) return badge("warn", "측정 없음");
  return Date.now() - Date.parse(queue.measured_at) > STALE_MS ? badge("warn", ago(queue.measured_at)) : ago(queue.measured_at);
}

function figure(/** @type {number} */ value, tone = "") {
  return h("span", { class: value ? `n ${tone && `n-${tone}`}`.trim() : "n n-zero" }, number(value));
}

const BOOK_COLUMNS = /** @type {[string, (line: import("./books.js").Line) => number, string?][]} */ ([
  ["발행", (line) => line.published], ["처리", (line) => line.handled], ["실패함", (line) => line.dead, "warn"], ["미발송", (line) => line.unsent],
  ["발송불가", (line) => line.parked, "bad"], ["대기열", (line) => line.inFlight], ["중복", (line) => line.duplicates],
  ["행방불명", (line) => line.unaccounted, "bad"],
]);

/** A line per subscriber; what nobody can account for stands out. */
export function booksTable(/** @type {Map<string, import("./books.js").Line>} */ lines) {
  const table = dataTable("서비스별 장부", [{ key: "name", label: "서비스" }, ...BOOK_COLUMNS.map(([label]) => ({ key: "count", label }))], "listing figures-table");
  for (const service of SERVICE_CODES) {
    const line = lines.get(service);
    if (!line) continue;
    const row = table.add([[serviceCell(service)], ...BOOK_COLUMNS.map(([, of, tone]) => [figure(of(line), tone)])]);
    row.classList.toggle("lost", line.unaccounted > 0);
  }
  return table.node;
}

const MOST_GAPS = 20;

/** Where counts do not meet, also because a queue holds the difference; null when they all meet. */
export function gapList(/** @type {import("./books.js").Gap[]} */ gaps) {
  if (!gaps.length) return null;
  const more = gaps.length - MOST_GAPS;
  return h("section", { class: "gaps", "aria-labelledby": "gaps-title" },
    h("h3", { id: "gaps-title", class: "part-title" }, "발행과 처리가 다른 시간"),
    h("p", { class: "hint" }, "대기열에 아직 있는 것도 차이로 보입니다."),
    h("ul", { class: "reasons" }, ...gaps.slice(0, MOST_GAPS).map((gap) =>
      h("li", {}, h("span", { class: "mono" }, `${gap.type} → ${gap.destination}`), ` ${when(gap.hour)}: ${number(gap.count)}건 차이`))),
    more > 0 && h("p", { class: "hint" }, `그 밖에 ${number(more)}곳`));
}
