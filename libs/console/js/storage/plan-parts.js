import { day, instant, number, when } from "../format.js";
import { KEPT_WORDS } from "../labels.js";
import { factList, mono } from "../operations/words.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { dataTable } from "../ui/table.js";
import { amount, classCell, fuseList, keyCell, links, reasonWord, usd } from "./words.js";

/** @typedef {import("./client.js").Plan} Plan @typedef {import("./client.js").Item} Item */

/** How much, and what has become of it. */
export function planFacts(/** @type {Plan} */ plan) {
  return factList([
    ["지울 것", `${number(plan.objects)}개, ${amount(plan.bytes)}`], ["한 달 절약", usd(plan.saving_usd)],
    ["만든 사람", h("span", {}, mono(plan.created_by), ` ${when(plan.created_at)}`)],
    ["승인", plan.approved_by && h("span", {}, mono(plan.approved_by), plan.approved_at && ` ${when(plan.approved_at)}`)],
    ["기한", ["planned", "stopped"].includes(plan.state) && `${when(plan.expires_at)}까지`],
    ["지움", plan.applied_to > 0 && `${number(plan.deleted)}개, ${amount(plan.deleted_bytes)}`],
    ["남김", keptWords(plan.kept)], ["다시 확인", plan.sampled > 0 && `${number(plan.sampled)}개 가운데 ${number(plan.survivors)}개가 그대로 있음`],
    ["남은 것", plan.left_over !== null && `${number(plan.left_over)}개`],
    ["삭제 대장", plan.ledger_from !== null && h("a", { href: links.ledger({ plan_id: plan.id }) }, `${number(plan.ledger_from)}번 – ${number(plan.ledger_to)}번`)],
    ["끝난 때", plan.finished_at && instant(plan.finished_at)], ["지문", mono(plan.digest)], ["정책 지문", mono(plan.policy_digest)],
  ]);
}

/** "사용 중 3개, 보존 중 1개" @returns {string} */
function keptWords(/** @type {Record<string, number>} */ kept) {
  return Object.entries(kept).map(([word, count]) => `${KEPT_WORDS[word] ?? word} ${number(count)}개`).join(", ");
}

/** What the state means for who is on call; null where it says everything itself. */
export function planSays(/** @type {Plan} */ plan) {
  if (plan.state === "planned") {
    return plan.fuses.length
      ? notice("warn", "안전장치에 걸려 멈춰 있습니다. 승인하기 전에는 아무것도 지우지 않습니다.", fuseList(plan.fuses))
      : notice("warn", "승인을 기다립니다. 이런 계획은 저절로 실행되지 않습니다.");
  }
  if (plan.state === "approved") {
    const waits = Date.parse(plan.not_before) > Date.now();
    return notice("info", waits ? `${when(plan.not_before)}에 저절로 실행됩니다.` : "곧 실행됩니다.", h("p", {}, "남겨야 할 것이 있으면 그 전에 보존을 걸거나 계획을 거절하세요."));
  }
  if (plan.state === "stopped") {
    return notice("bad", STOPS[plan.stop_reason ?? ""] ?? `실행하다 멈췄습니다. (${plan.stop_reason})`, h("p", {}, "원인을 본 뒤 이어서 실행하거나 거절하세요."));
  }
  if (plan.state === "done" && (plan.survivors || plan.left_over)) {
    return notice("bad", "지웠다고 한 객체가 아직 있습니다.", h("p", {}, `다시 확인한 것 가운데 ${number(plan.survivors)}개, 더 찾은 것 ${number(plan.left_over)}개. 버킷의 잠금과 버전 관리를 확인하세요.`));
  }
  return null;
}

const STOPS = /** @type {Record<string, string>} */ ({ digest_mismatch: "계획의 내용이 지문과 달라 아무것도 지우지 않고 멈췄습니다." });

/** Why they go, by rule. */
export function reasonsTable(/** @type {Plan["reasons"]} */ reasons) {
  const table = dataTable("이유별", [{ key: "name", label: "규칙" }, { key: "what", label: "이유" }, { key: "count", label: "개수" }, { key: "count", label: "용량" }], "listing");
  for (const one of reasons) table.add([[classCell(one.rule)], [reasonWord(one.reason)], [number(one.objects)], [amount(one.bytes)]]);
  return table.node;
}

const ITEM_COLUMNS = [
  { key: "seq", label: "순서" }, { key: "keys", label: "키" }, { key: "count", label: "용량" }, { key: "day", label: "쓴 때" }, { key: "what", label: "이유" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function itemCells(/** @type {Item} */ item) {
  return [[number(item.seq)], [keyCell(item.bucket, item.key, item.tenant_id)], [amount(item.bytes)], [day(item.written_at)], [`${item.rule}: ${reasonWord(item.reason)}`]];
}

/** Some of a plan's objects, evenly apart. */
export function sampleTable(/** @type {Item[]} */ items) {
  const table = dataTable("골라 본 객체", ITEM_COLUMNS, "listing");
  for (const item of items) table.add(itemCells(item));
  return table.node;
}

/** All of them, page by page. @param {{ app: import("../main.js").App, id: string, signal: AbortSignal }} spec */
export function itemsListing({ app, id, signal }) {
  return new Listing({
    caption: "계획의 모든 객체", unit: "개", signal, columns: ITEM_COLUMNS, cells: itemCells, empty: () => "객체가 없습니다. 끝난 지 90일이 지난 계획의 목록은 지워집니다.",
    read: (cursor, run) => app.storage.page(`plans/${encodeURIComponent(id)}/items/`, { cursor }, run, (item) => String(item.seq)),
  });
}
