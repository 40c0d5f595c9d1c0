import { number } from "../format.js";
import { FORECASTS, REPLAY_OUTCOMES } from "../labels.js";
import { h } from "../ui/dom.js";
import { figures } from "../ui/figures.js";
import { Listing } from "../ui/listing.js";
import { dataTable, orDash, wordBadge } from "../ui/table.js";
import { byForecast, byOutcome } from "./replay-counts.js";
import { changes, forecastBadge, links, mono } from "./words.js";

/** @typedef {import("./client.js").Replay} Replay */

const STEPS = /** @type {const} */ ([["choose", "고르기"], ["rehearse", "시험"], ["apply", "적용"], ["done", "끝"]]);
const STEP_OF = { rehearsing: "rehearse", rehearsed: "apply", applying: "apply", paused: "apply", stopped: "apply", done: "done", cancelled: "done" };

/** Where in the work this is. */
export function replaySteps(/** @type {Replay["state"] | "choose"} */ state) {
  const now = STEPS.findIndex(([step]) => step === (state === "choose" ? state : STEP_OF[state]));
  return h("ol", { class: "wizard", "aria-label": "재처리 단계" }, ...STEPS.map(([, label], i) =>
    h("li", { class: i < now ? "wizard-past" : "", "aria-current": i === now ? "step" : null }, label)));
}

/** What the dry run said, and what became of them once some were applied. */
export function replayFigures(/** @type {Replay} */ replay) {
  const outcomes = byOutcome(replay);
  const tried = tiles(FORECASTS, byForecast(replay), "시험 결과");
  return h("div", { class: "stack" }, tried, outcomes.waiting < replay.total && tiles(REPLAY_OUTCOMES, outcomes, "처리 결과"));
}

function tiles(/** @type {Record<string, { label: string, tone: string }>} */ words, /** @type {Record<string, number>} */ counts, /** @type {string} */ title) {
  const list = Object.entries(words).map(([code, { label, tone }]) => ({ label, tone, value: counts[code] ?? 0 }));
  return h("div", { class: "tiles" }, h("h3", { class: "part-title" }, title), figures(list, "figures-few"));
}

const CAUSE_COLUMNS = [
  { key: "name", label: "이벤트" }, { key: "count", label: "건수" }, { key: "state", label: "시험 결과" }, { key: "changes", label: "바뀌는 것" },
  { key: "state", label: "처리 결과" }, { key: "reason-code", label: "이유" }, { key: "print", label: "지문" },
];

/**
 * By cause: what the dry run said, what would change, what became of it.
 * @param {string} service @param {Replay} replay @param {Map<string, string>} effects by `causeKey`; of those that were read
 */
export function causesTable(service, replay, effects) {
  const table = dataTable("원인별 결과", CAUSE_COLUMNS, "listing");
  for (const group of replay.groups) {
    table.add([
      [h("a", { class: "row-link", href: links.letters(service, { fingerprint: group.fingerprint }) }, group.type)],
      [number(group.count)],
      [forecastBadge(group.forecast)],
      [orDash(effects.get(causeKey(group)))],
      [orDash(group.outcome !== "waiting" && wordBadge(REPLAY_OUTCOMES, group.outcome))],
      [orDash(group.reason && mono(group.reason))],
      [mono(group.fingerprint)],
    ]);
  }
  return table.node;
}

/** Items and groups of one cause and forecast meet here. @returns {string} */
function causeKey(/** @type {{ fingerprint: string, type: string, forecast: string | null }} */ { fingerprint, type, forecast }) {
  return [fingerprint, type, forecast ?? "untried"].join("\n");
}

/** What would change by cause, summed over items. @returns {Map<string, string>} by `causeKey` */
export function effectsOf(/** @type {import("./client.js").Item[]} */ items) {
  /** @type {Map<string, Record<string, number>>} */
  const sums = new Map();
  for (const item of items) {
    const sum = sums.get(causeKey(item)) ?? {};
    for (const [name, count] of Object.entries(item.changes ?? {})) sum[name] = (sum[name] ?? 0) + count;
    sums.set(causeKey(item), sum);
  }
  return new Map([...sums].map(([key, sum]) => [key, changes(sum)]));
}

const ITEM_COLUMNS = [
  { key: "name", label: "순서" }, { key: "type", label: "이벤트" }, { key: "state", label: "시험 결과" }, { key: "changes", label: "바뀌는 것" },
  { key: "state", label: "처리 결과" }, { key: "reason-code", label: "이유" },
];

/** Every letter of a replay, page by page. @param {{ app: import("../main.js").App, service: string, path: string, signal: AbortSignal }} spec */
export function itemsListing({ app, service, path, signal }) {
  return new Listing({
    caption: "메시지별 결과", unit: "건", signal, columns: ITEM_COLUMNS, empty: () => "고른 메시지가 없습니다.",
    read: async (cursor, run) => {
      const page = await app.operations.get(service, `${path}items/`, run, { cursor, page_size: 50 });
      return { ...page, results: page.results.map((/** @type {any} */ item) => ({ ...item, id: item.dead_letter_id })) };
    },
    cells: (/** @type {import("./client.js").Item} */ item) => [
      [h("a", { class: "row-link", href: links.letter(service, item.dead_letter_id) }, `${number(item.position)}번째`)],
      [mono(item.type)],
      [forecastBadge(item.forecast ?? "untried")],
      [orDash(changes(item.changes))],
      [orDash(item.outcome && wordBadge(REPLAY_OUTCOMES, item.outcome))],
      [orDash(item.reason && mono(item.reason))],
    ],
  });
}
