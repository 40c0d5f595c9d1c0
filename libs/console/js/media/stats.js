import { age, number, percent, span, when } from "../format.js";
import { PLAYBACK_EVENTS } from "../labels.js";
import { chips } from "../ui/chips.js";
import { fill, h } from "../ui/dom.js";
import { figures } from "../ui/figures.js";
import { Listing } from "../ui/listing.js";
import { load, workButton } from "../ui/page.js";
import { save } from "../ui/save.js";
import { badge, dataTable } from "../ui/table.js";
import { nameOf } from "./access.js";

/** @typedef {import("./client.js").Stats} Stats @typedef {import("./client.js").Summary} Summary @typedef {import("./client.js").Risk} Risk */
/** @typedef {{ video: import("./client.js").Video, app: import("../main.js").App, signal: AbortSignal, names: () => Promise<Map<string, string>> }} Around */

const RANGES = [{ value: "24h", label: "24시간" }, { value: "7d", label: "7일" }];

/** Who has watched how much, and what happened in the classes. @returns {HTMLElement} */
export function statsCard(/** @type {Around} */ around) {
  const { video, app, signal, names } = around;
  const box = h("div");
  load({
    box, signal, read: () => Promise.all([app.media.stats(video.id, signal), names()]),
    show: ([stats, known]) => fill(box, totals(stats), students(stats, known)),
  });
  return h("section", { class: "card", "aria-labelledby": "stats-title" }, h("h2", { id: "stats-title", class: "card-title" }, "시청 현황"), box);
}

/** Classes of the last hours, who stands out in them, and what players told of. @returns {HTMLElement} */
export function riskCard(/** @type {Around} */ around) {
  const { video, app, signal, names } = around;
  const box = h("div", { class: "stack" });
  let range = RANGES[0].value;
  const show = () => load({
    box, signal, read: () => Promise.all([app.media.summary(video.id, /** @type {"24h" | "7d"} */ (range), signal), names()]),
    show: ([summary, known]) => fill(box, riskFigures(summary), risks(summary.risk_top, known)),
  });
  const choice = chips({
    label: "기간", items: RANGES, onPick: (value) => {
      range = value;
      show();
    },
  });
  choice.select(range);
  show();
  return h("section", { class: "card", "aria-labelledby": "risk-title" },
    h("div", { class: "card-head" }, h("h2", { id: "risk-title", class: "card-title" }, "출석 수업 관찰"), choice.node), box, eventLog(around));
}

function totals(/** @type {Stats} */ stats) {
  return figureList([
    ["완료율", percent(stats.completion_rate)], ["완료", `${number(stats.completed)} / ${number(stats.students_total)}명`],
    ["보기 시작", `${number(stats.started)}명`], ["평균 진도", percent(stats.average_progress)], ["시청 시간", age(stats.watched_seconds)],
  ]);
}

function riskFigures(/** @type {Summary} */ summary) {
  return figureList([
    ["수업", `${number(summary.sessions)}회`], ["학생", `${number(summary.viewers)}명`], ["관찰 기록", `${number(summary.events)}건`],
    ["위반", `${number(summary.violations)}건`], ["중단됨", `${number(summary.revoked)}회`],
  ]);
}

function figureList(/** @type {string[][]} */ pairs) {
  return figures(pairs.map(([label, value]) => ({ label, value })), "figures-media");
}

/** @param {Stats} stats @param {Map<string, string>} known */
function students(stats, known) {
  if (stats.students.length === 0) return h("p", { class: "listing-empty" }, "이 강의를 듣는 학생이 없습니다.");
  const table = dataTable("학생별 진도", [{ key: "name", label: "학생" }, { key: "share", label: "진도" }, { key: "time", label: "본 시간" }, { key: "last", label: "마지막 위치" }], "listing");
  const rows = stats.students.map((row) => ({ row, name: nameOf(known, row.enrollment_id) }));
  rows.sort((a, b) => Number(b.row.progress) - Number(a.row.progress) || a.name.localeCompare(b.name, "ko"));
  for (const { row, name } of rows) {
    table.add([
      [h("span", { class: "request-name" }, name), row.completed_at && badge("good", "다 봄")],
      [h("span", { class: "share" }, h("progress", { class: "bar", max: "1", value: Number(row.progress ?? 0), "aria-label": `${name} 진도` }), percent(row.progress))],
      [age(row.watched_seconds)], [span(row.last_position)],
    ]);
  }
  return h("div", { class: "scroll-list" }, table.node);
}

/** @param {Risk[]} rows @param {Map<string, string>} known */
function risks(rows, known) {
  if (rows.length === 0) return h("p", { class: "hint" }, "이 기간에 눈에 띄는 학생이 없습니다.");
  const table = dataTable("주의해서 볼 학생", [{ key: "name", label: "주의해서 볼 학생" }, { key: "score", label: "점수" }, { key: "noted", label: "기록" }, { key: "bad", label: "위반" }], "listing");
  for (const row of rows) {
    table.add([[h("span", { class: "request-name" }, nameOf(known, row.enrollment_id))], [number(row.score)], [`${number(row.events)}건`], [`${number(row.violations)}건`]]);
  }
  return table.node;
}

/** Every event, when somebody asks for it. */
function eventLog(/** @type {Around} */ { video, app, signal, names }) {
  const trouble = h("div");
  const box = h("div");
  /** @type {Map<string, string>} */
  let known = new Map();
  const listing = new Listing({
    caption: "관찰 기록", unit: "건", signal, empty: () => h("p", {}, "관찰 기록이 없습니다."),
    columns: [{ key: "name", label: "학생" }, { key: "what", label: "무엇을" }, { key: "where", label: "영상 위치" }, { key: "day", label: "언제" }],
    cells: (event) => [
      [h("span", { class: "request-name" }, nameOf(known, event.enrollment_id))],
      [PLAYBACK_EVENTS[event.type] ?? event.type, event.violated && badge("bad", "위반")], [span(event.position)], [when(event.occurred_at)],
    ],
    read: async (cursor, run) => {
      known = await names();
      const page = await app.media.events(video.id, cursor, run);
      return { ...page, results: page.results.map((event) => ({ ...event, id: `${event.session_id} ${event.client_id}` })) };
    },
  });
  const save_ = async () => {
    const { blob } = await app.media.exportEvents(video.id, signal);
    save(blob, `${video.title} 관찰 기록.csv`);
  };
  const details = h("details", { class: "event-log" }, h("summary", {}, "관찰 기록 모두 보기"), box);
  details.addEventListener("toggle", () => {
    if (!details.open || box.childElementCount) return;
    fill(box, listing.node, trouble, h("div", { class: "actions" }, workButton("CSV로 받기", { kind: "button-small", symbol: "download", trouble, run: save_ })));
    listing.reload();
  });
  return details;
}
