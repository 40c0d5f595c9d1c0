import { day, number } from "../format.js";
import { classCell, bucketWord, amount, usd } from "../storage/words.js";
import { storageView } from "../storage/tabs.js";
import { chart } from "../ui/chart.js";
import { chips } from "../ui/chips.js";
import { fill, h } from "../ui/dom.js";
import { figures } from "../ui/figures.js";
import { load } from "../ui/page.js";
import { dataTable } from "../ui/table.js";

/** @typedef {import("../storage/client.js").Usage} Usage @typedef {import("../storage/client.js").Share} Share */

const SPANS = ["30", "90", "365"];
const FIRST_TENANTS = 20;
const AHEAD = /** @type {Record<number, string>} */ ({ 30: "한 달", 90: "석 달", 365: "한 해" });

/** `#/storage?days=30|90|365`: what is stored, what it costs, and where that goes. */
export function storagePage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const box = h("div", { class: "stack" });
  let days = SPANS.includes(query.get("days") ?? "") ? /** @type {string} */ (query.get("days")) : "90";
  const show = () => load({ box, signal, read: () => app.storage.get("usage/", signal, { days }), show: (usage) => fill(box, ...cards(usage)) });
  const span = chips({
    label: "기간", items: SPANS.map((value) => ({ value, label: `${value}일` })), onPick: (value) => {
      days = value;
      app.router.keep({ days });
      show();
    },
  });
  span.select(days);
  show();
  return storageView({ title: "저장소 사용량과 비용", lead: "버킷 네 곳에 무엇이 얼마나 있고 얼마가 드는지입니다. 1 GB는 10억 바이트로, R2의 청구서와 같습니다.", at: "/storage", actions: [span.node] }, box);
}

/** @returns {(HTMLElement | null)[]} */
function cards(/** @type {Usage} */ usage) {
  if (!usage.days.length) return [h("section", { class: "card" }, h("p", { class: "listing-empty" }, "아직 훑은 버킷이 없어 사용량을 모릅니다. ‘버킷 점검’에서 훑을 수 있습니다."))];
  return [
    billCard(usage),
    shareCard("버킷별", usage.buckets, [{ key: "name", label: "버킷" }], (one) => [[bucketWord(one.bucket)]]),
    shareCard("종류별", usage.classes, [{ key: "name", label: "종류" }, { key: "service", label: "버킷" }], (one) => [[classCell(one.class)], [bucketWord(one.bucket)]]),
    tenantCard(usage),
  ];
}

function billCard(/** @type {Usage} */ usage) {
  const { prices, total, listing, days } = usage;
  return h("section", { class: "card stack", "aria-labelledby": "bill-title" },
    h("h2", { id: "bill-title", class: "card-title" }, "이번 달"),
    figures([
      { label: "이번 달 저장 비용", value: usd(total.usd) }, { label: "이번 달 평균", value: amount(total.byte_months) },
      { label: "목록 요청 비용 (30일)", value: usd(listing.usd) }, { label: "목록 요청 (30일)", value: `${number(listing.pages)}번` },
    ], "figures-four"),
    chart({ title: "하루 가장 많을 때의 용량", points: days.map((each) => ({ day: each.day, value: each.bytes })), say: amount }),
    forecast(total.forecast),
    h("p", { class: "hint" }, `${day(prices.as_of)}에 확인한 R2 요금: 한 달 1 GB에 ${usd(prices.storage_gb_month)} (${number(prices.free_gb)} GB까지 무료), `
      + `쓰기·목록 100만 번 ${usd(prices.class_a_million)}, 읽기 100만 번 ${usd(prices.class_b_million)}. 세금은 빠져 있습니다.`));
}

/** What a month costs when growth goes on as it was. */
function forecast(/** @type {Usage["total"]["forecast"]} */ list) {
  const table = dataTable("예상", [{ key: "name", label: "지금처럼 늘면" }, { key: "count", label: "용량" }, { key: "count", label: "한 달 비용" }], "listing");
  for (const one of list) table.add([[`${AHEAD[one.days] ?? `${number(one.days)}일`} 뒤`], [amount(one.bytes)], [usd(one.usd)]]);
  return h("div", {}, h("h3", { class: "part-title" }, "예상"), table.node);
}

/**
 * @template {Share} T
 * @param {string} title @param {T[]} rows @param {import("../ui/table.js").Column[]} columns @param {(one: T) => import("../ui/dom.js").Child[][]} names
 */
function shareTable(title, rows, columns, names) {
  const all = rows.reduce((sum, one) => sum + one.bytes, 0);
  const table = dataTable(title, [...columns, { key: "count", label: "개수" }, { key: "count", label: "용량" }, { key: "count", label: "비율" }, { key: "count", label: "한 달 비용" }], "listing");
  for (const one of rows) table.add([...names(one), [number(one.objects)], [amount(one.bytes)], [all ? `${Math.round((one.bytes / all) * 100)}%` : "–"], [usd(one.usd)]]);
  return table.node;
}

/** @template {Share} T @param {string} title @param {T[]} rows @param {import("../ui/table.js").Column[]} columns @param {(one: T) => import("../ui/dom.js").Child[][]} names */
function shareCard(title, rows, columns, names) {
  return h("section", { class: "card list-card", "aria-label": title }, h("h2", { class: "card-title" }, title), shareTable(title, rows, columns, names));
}

/** The heaviest; their costs are parts, unrounded and without the free gigabytes. */
function tenantCard(/** @type {Usage} */ { tenants }) {
  const columns = [{ key: "name", label: "학원" }];
  const table = (/** @type {Usage["tenants"]} */ rows) => shareTable("학원별", rows, columns, (one) => [[one.tenant_id || "학원 없음"]]);
  const box = h("div", {}, table(tenants.slice(0, FIRST_TENANTS)));
  const more = h("button", { class: "button", type: "button", hidden: tenants.length <= FIRST_TENANTS, onclick: () => {
    fill(box, table(tenants));
    more.hidden = true;
  } }, `${number(tenants.length)}곳 모두 보기`);
  return h("section", { class: "card list-card", "aria-label": "학원별" }, h("h2", { class: "card-title" }, "학원별"),
    h("p", { class: "hint" }, "많이 쓰는 200곳까지입니다. 나눈 비용은 반올림하지 않고 무료 용량도 빼지 않아, 합이 청구액보다 큽니다. 비율은 이 표 안에서의 비율입니다."), box, more);
}
