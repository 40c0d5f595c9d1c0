import { LogFilters } from "../messaging/log-filters.js";
import { LogTable } from "../messaging/log-table.js";
import { messagesView } from "../messaging/tabs.js";
import { h } from "../ui/dom.js";

/** `#/messages/log?state=…&since=…&until=…`: every message, masked, with why it is where it is. */
export function messageLogPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const filters = new LogFilters({ query, signal });
  const log = new LogTable({ app, signal, query: () => filters.asked });
  const show = () => {
    app.router.keep(filters.values);
    log.reload();
  };
  filters.addEventListener("change", show);
  show();
  return messagesView({ title: "발송 기록", lead: "전화번호는 앞자리만 보이고, 내용은 끝난 지 30일 뒤에 지워집니다.", at: "/messages/log" },
    h("section", { class: "card list-card", "aria-label": "발송 기록 목록" }, filters.node, log.node));
}
