import { number, when } from "../format.js";
import { MESSAGE_MODES, MESSAGE_STATES } from "../labels.js";
import { batchName } from "../messaging/batch.js";
import { messagesView } from "../messaging/tabs.js";
import { categoryBadge, won } from "../messaging/words.js";
import { chips } from "../ui/chips.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { Listing } from "../ui/listing.js";

/** @typedef {import("../messaging/client.js").Batch} Batch */

const LISTS = /** @type {Record<string, { label: string, path: string, empty: string }>} */ ({
  waiting: { label: "기다리는 것", path: "scheduled/", empty: "예약되었거나 기다리는 발송이 없습니다." },
  all: { label: "모두", path: "batches/", empty: "아직 보낸 것이 없습니다." },
});

/** `#/messages/batches?show=waiting|all`: bulk sends, those that wait or all. */
export function messageBatchesPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  let shown = query.get("show") === "all" ? "all" : "waiting";
  const listing = new Listing({
    caption: "발송 묶음", unit: "건", signal, columns: COLUMNS, cells,
    read: (cursor, run) => app.messaging.page(LISTS[shown].path, { cursor }, run), empty: () => LISTS[shown].empty,
  });
  const pick = (/** @type {string} */ wanted) => {
    shown = wanted;
    app.router.keep(shown === "all" ? { show: shown } : {});
    listing.reload();
  };
  const filter = chips({ label: "발송 묶음 거르기", items: Object.entries(LISTS).map(([value, { label }]) => ({ value, label })), onPick: pick });
  filter.select(shown);
  pick(shown);
  const write = h("a", { class: "button button-main", href: "#/messages" }, icon("plus"), "새 메시지");
  return messagesView({ title: "예약·발송 묶음", lead: "한 번에 보낸 것마다 어디까지 갔는지 봅니다.", actions: [write], at: "/messages/batches" },
    h("section", { class: "card list-card", "aria-label": "발송 묶음 목록" }, filter.node, listing.node));
}

const COLUMNS = [
  { key: "name", label: "무엇" }, { key: "what", label: "방법" }, { key: "day", label: "보낼 시각" }, { key: "count", label: "건수" },
  { key: "state", label: "상태" }, { key: "count", label: "금액" }, { key: "day", label: "보낸 사람" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Batch} */ batch) {
  const told = Object.entries(MESSAGE_STATES).filter(([code]) => batch.states[code]).map(([code, { label }]) => `${label} ${number(batch.states[code])}`);
  return [
    [h("a", { class: "row-link", href: `#/messages/batches/${batch.id}` }, batchName(batch)), batch.category === "AD" && categoryBadge(batch.category)],
    [MESSAGE_MODES[batch.mode] ?? batch.mode],
    [when(batch.next_due_at ?? batch.due_at)],
    [number(batch.total)],
    [h("span", { class: "states" }, told.join(" · "))],
    [won(Number(batch.settled) || batch.reserved)],
    [h("span", { class: "two-lines" }, h("span", {}, batch.created_by), h("span", { class: "hint" }, when(batch.created_at)))],
  ];
}
