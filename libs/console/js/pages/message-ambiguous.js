import { number, when } from "../format.js";
import { kindCell, recipientCell } from "../messaging/log-table.js";
import { messagesView } from "../messaging/tabs.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { workButton } from "../ui/page.js";
import { orDash } from "../ui/table.js";

/** @typedef {import("../messaging/client.js").AmbiguousEntry} AmbiguousEntry */

/** `#/messages/ambiguous`: messages of which nobody knows yet whether they went. */
export function messageAmbiguousPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const listing = new Listing({
    caption: "확인 필요한 메시지", unit: "건", signal, columns: COLUMNS, cells,
    read: (cursor, run) => app.messaging.page("ambiguous/", { cursor }, run), empty: () => "확인이 필요한 메시지가 없습니다.",
  });
  listing.reload();
  const trouble = h("div");
  const again = workButton("새로 고침", { trouble, run: () => listing.reload() });
  return messagesView({ title: "확인 필요", lead: "보내는 중에 연결이 끊겨, 갔는지 알 수 없는 메시지입니다.", actions: [again], at: "/messages/ambiguous" },
    notice("info", "다시 보내지 마세요. 같은 메시지가 두 번 갈 수 있습니다.",
      h("p", {}, "발송사에 갔는지 자동으로 묻고 있습니다. 간 것은 ‘도착’이나 ‘실패’로 바뀌고, 받은 적이 없다고 두 번 확인된 것만 저절로 다시 나갑니다.")),
    trouble, h("section", { class: "card list-card", "aria-label": "확인 필요한 메시지 목록" }, listing.node));
}

const COLUMNS = [
  { key: "name", label: "받는 사람" }, { key: "what", label: "종류" }, { key: "reason-code", label: "까닭" }, { key: "day", label: "보낸 때" },
  { key: "count", label: "물은 횟수" }, { key: "day", label: "다음에 물을 때" }, { key: "act", label: "" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {AmbiguousEntry} */ entry) {
  return [
    recipientCell(entry), kindCell(entry), [entry.reason ?? ""], [when(entry.attempted_at)], [`${number(entry.asked)}번`], [orDash(when(entry.ask_at))],
    [entry.batch_id && h("a", { class: "button button-small", href: `#/messages/batches/${entry.batch_id}` }, "묶음 보기")],
  ];
}
