import { when } from "../../format.js";
import { CREDIT_MOVEMENTS } from "../../labels.js";
import { fill, h } from "../../ui/dom.js";
import { figures } from "../../ui/figures.js";
import { Listing } from "../../ui/listing.js";
import { notice } from "../../ui/notice.js";
import { wordBadge } from "../../ui/table.js";
import { won } from "../words.js";

/** @typedef {import("../client.js").CreditEntry} CreditEntry @typedef {{ available: string, held: string, spent: string, low: boolean }} Balances */

/** What is left, what is set aside, and every movement. @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec */
export function creditsCard({ app, signal }) {
  const box = h("div", { class: "stack" });
  let seen = 0;
  const listing = new Listing({
    caption: "충전 잔액의 움직임", unit: "건", signal, columns: COLUMNS, cells, empty: () => "아직 충전한 적이 없습니다.",
    read: async (cursor, run) => {
      const page = await app.messaging.page("credits/", { cursor, page_size: 20 }, run);
      fill(box, ...balances(/** @type {any} */ (page)));
      return { ...page, results: page.results.map((row) => ({ ...row, id: String((seen += 1)) })) };
    },
  });
  listing.reload();
  return h("section", { class: "card list-card", "aria-labelledby": "credits-title" }, h("h2", { id: "credits-title", class: "card-title" }, "충전 잔액"), box, listing.node);
}

/** @returns {import("../../ui/dom.js").Child[]} */
function balances(/** @type {Balances} */ found) {
  return [
    figures([
      { label: "쓸 수 있는 잔액", value: won(found.available), tone: found.low ? "warn" : "good" }, { label: "발송에 잡아 둔 금액", value: won(found.held) },
      { label: "지금까지 쓴 금액", value: won(found.spent) },
    ], "figures-money"),
    found.low && notice("warn", "잔액이 얼마 남지 않았습니다.", h("p", {}, "충전은 운영사에 입금한 뒤 됩니다.")),
  ];
}

const COLUMNS = [{ key: "what", label: "무엇" }, { key: "count", label: "금액" }, { key: "reference", label: "근거" }, { key: "by", label: "한 사람" }, { key: "day", label: "때" }];

/** @returns {import("../../ui/dom.js").Child[][]} */
function cells(/** @type {CreditEntry} */ entry) {
  const [, messages] = /^messages:(\d+)$/.exec(entry.reference) ?? [];
  return [[wordBadge(CREDIT_MOVEMENTS, entry.kind)], [won(entry.amount)], [messages ? `메시지 ${messages}건` : entry.reference], [entry.created_by.startsWith("task:") ? "자동" : entry.created_by], [when(entry.created_at)]];
}
