import { number } from "../format.js";
import { h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { dataTable, orDash } from "../ui/table.js";
import { amount, bucketWord, classCell, fuseList, usd } from "./words.js";

/** @typedef {import("./client.js").Backtest} Backtest */

/** What a policy would have deleted, by rule, and what a first plan of it would ask for. */
export function backtestResult(/** @type {{ result: Backtest, parameters: Record<string, any> }} */ { result, parameters }) {
  const tried = parameters.policy ? "고친 정책" : "지금 정책";
  return [
    result.fuses.length
      ? notice("warn", "첫 계획이 안전장치에 걸려 승인을 기다립니다.", fuseList(result.fuses))
      : notice("good", "안전장치에 걸리는 것이 없습니다.", h("p", {}, "첫 계획은 승인 없이 실행됩니다.")),
    h("section", { class: "card list-card", "aria-label": "규칙별 결과" },
      h("h2", { class: "card-title" }, `${tried}이 지난 ${number(result.days)}일에 지웠을 것`), rulesPart(result.rules)),
    h("section", { class: "card list-card", "aria-label": "지금 지울 것" }, h("h2", { class: "card-title" }, `지금 ${tried}으로 지울 것`), duePart(result.due)),
  ];
}

const RULE_COLUMNS = [
  { key: "name", label: "규칙" }, { key: "count", label: "개수" }, { key: "count", label: "용량" }, { key: "count", label: "한 달 절약" },
  { key: "count", label: "지금보다 더" }, { key: "count", label: "지금보다 덜" }, { key: "day", label: "기간" }, { key: "keys", label: "보기" },
];

function rulesPart(/** @type {Backtest["rules"]} */ rules) {
  const table = dataTable("규칙별 결과", RULE_COLUMNS, "listing");
  for (const one of rules) {
    table.add([
      [classCell(one.rule)], [number(one.objects)], [amount(one.bytes)], [usd(one.saving_usd)],
      [count(one.more_than_now, "bad")], [count(one.less_than_now, "warn")], [orDash(one.first_day && `${one.first_day} – ${one.last_day}`)],
      [orDash(one.sample.length > 0 && h("ul", { class: "reasons" }, ...one.sample.map((key) => h("li", { class: "key mono" }, key))))],
    ]);
  }
  return table.node;
}

function duePart(/** @type {Backtest["due"]} */ due) {
  if (!due.length) return h("p", { class: "listing-empty" }, "지금 지울 것이 없습니다.");
  const table = dataTable("지금 지울 것", [{ key: "name", label: "규칙" }, { key: "service", label: "버킷" }, { key: "count", label: "개수" }, { key: "count", label: "용량" }], "listing");
  for (const one of due) table.add([[classCell(one.rule)], [bucketWord(one.bucket)], [number(one.objects)], [amount(one.bytes)]]);
  return table.node;
}

function count(/** @type {number} */ value, /** @type {string} */ tone) {
  return h("span", { class: value ? `n n-${tone}` : "n n-zero" }, number(value));
}
