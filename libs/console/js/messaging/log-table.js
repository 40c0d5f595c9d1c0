import { when } from "../format.js";
import { MESSAGE_STATES } from "../labels.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { orDash, wordBadge } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { UNSENT } from "./batch.js";
import { categoryBadge, kindWord, masked, won } from "./words.js";

/** @typedef {import("./client.js").LogEntry} LogEntry */

/** Messages of the ledger, masked; what has not begun can be called off one by one. */
export class LogTable {
  /** @param {{ app: import("../main.js").App, signal: AbortSignal, query: () => Record<string, any>, changed?: () => void }} spec */
  constructor({ app, signal, query, changed = () => {} }) {
    this.app = app;
    this.signal = signal;
    this.changed = changed;
    this.listing = new Listing({
      caption: "메시지 목록", unit: "건", signal, columns: COLUMNS, cells: (entry) => cells(entry, () => this.#cancel(entry)),
      read: (cursor, run) => app.messaging.page("log/", { ...query(), cursor }, run), empty: () => "보여 줄 메시지가 없습니다.",
    });
    this.node = this.listing.node;
  }

  reload() {
    this.listing.reload();
  }

  async #cancel(/** @type {LogEntry} */ entry) {
    const done = await ask({
      title: "이 메시지를 취소할까요?", action: "메시지 취소", bad: true, signal: this.signal, body: [h("p", {}, aboutLine(entry) || "받는 사람 한 명")],
      run: () => this.app.messaging.cancelMessage(entry.id),
    });
    if (!done) return;
    toast("메시지를 취소했습니다.");
    this.reload();
    this.changed();
  }
}

const COLUMNS = [
  { key: "name", label: "받는 사람" }, { key: "what", label: "종류" }, { key: "state", label: "상태" }, { key: "reason-code", label: "사유" },
  { key: "count", label: "금액" }, { key: "day", label: "시각" }, { key: "act", label: "" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {LogEntry} */ entry, /** @type {() => void} */ cancel) {
  return [
    recipientCell(entry), kindCell(entry), [wordBadge(MESSAGE_STATES, entry.state)], [reasonLine(entry)], [priceLine(entry)], [timeLine(entry)],
    [UNSENT.includes(entry.state) && h("button", { class: "button button-small", type: "button", "aria-label": `${aboutLine(entry)} 메시지 취소`, onclick: cancel }, "취소")],
  ];
}

/** @returns {import("../ui/dom.js").Child[]} */
export function recipientCell(/** @type {import("./client.js").Entry} */ entry) {
  return [h("span", { class: "two-lines" }, h("span", { class: "request-name" }, aboutLine(entry)), masked(entry.recipient))];
}

/** @returns {import("../ui/dom.js").Child[]} */
export function kindCell(/** @type {import("./client.js").Entry} */ entry) {
  return [h("span", {}, kindWord(entry.kind)), entry.category === "AD" && categoryBadge(entry.category)];
}

/** @returns {string} */
function aboutLine(/** @type {import("./client.js").Entry} */ { students }) {
  const names = students.slice(0, 3).map((each) => each.name).join(", ");
  return students.length > 3 ? `${names} 외 ${students.length - 3}명` : names;
}

/** @returns {import("../ui/dom.js").Child} */
function reasonLine(/** @type {LogEntry} */ entry) {
  const replaced = entry.replaced && "문자로 대신 보냈습니다.";
  return orDash([entry.reason, replaced].filter(Boolean).join(" "));
}

/** @returns {import("../ui/dom.js").Child} */
function priceLine(/** @type {LogEntry} */ entry) {
  if (entry.price === null) return orDash("");
  return entry.money === "open" ? h("span", {}, h("span", { class: "hint" }, "최대 "), won(entry.price)) : won(entry.price);
}

/** @returns {string} */
function timeLine(/** @type {LogEntry} */ entry) {
  if (UNSENT.includes(entry.state)) return `${when(entry.due_at)} 예정`;
  return when(entry.ended_at ?? entry.attempted_at ?? entry.created_at);
}
