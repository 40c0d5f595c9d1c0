import { ApiError, newKey } from "../../api.js";
import { number, when } from "../../format.js";
import { MESSAGE_CATEGORIES, MESSAGE_MODES } from "../../labels.js";
import { ask } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { notice } from "../../ui/notice.js";
import { won } from "../words.js";

/**
 * The last question before sending, with the numbers of the estimate that is sent. @returns {Promise<string | undefined>} the batch's id
 * @param {{ draft: import("../client.js").Ask, estimate: import("../client.js").Estimate, client: import("../client.js").MessagingClient, signal: AbortSignal, stale: () => void }} spec
 *        `stale`: what was estimated holds no more
 */
export function confirmSend({ draft, estimate, client, signal, stale }) {
  const { counts } = estimate;
  const key = newKey();
  const count = `${number(counts.messages)}건`;
  const skipped = counts.skipped.reduce((sum, each) => sum + each.count, 0);
  const deferred = counts.deferred.reduce((sum, each) => sum + each.count, 0);
  const facts = /** @type {[string, string][]} */ ([
    ["받는 사람", `${draft.send_to === "parent" ? "학부모" : "학생"} ${count}`],
    ["제외", skipped ? `${number(skipped)}건` : ""],
    ["미룸", deferred ? `${number(deferred)}건` : ""],
    ["방법", `${MESSAGE_MODES[draft.message_mode]} · ${MESSAGE_CATEGORIES[draft.category.toUpperCase()]}`],
    ["시각", draft.at ? when(draft.at) : "바로"],
    ["금액", estimate.price === estimate.price_at_most ? won(estimate.price) : `${won(estimate.price)} (많으면 ${won(estimate.price_at_most)})`],
    ["보낸 뒤 잔액", won(estimate.balance_after)],
  ]);
  return ask({
    title: draft.at ? `${count}을 예약할까요?` : `${count}을 지금 보낼까요?`, action: draft.at ? `${count} 예약` : `${count} 보내기`, signal,
    body: [
      estimate.paused && notice("warn", estimate.paused.reason, h("p", {}, "다시 켤 때까지 기다립니다.")),
      h("dl", { class: "bill" }, ...facts.filter(([, value]) => value).flatMap(([word, value]) => [h("dt", {}, word), h("dd", {}, value)])),
      !draft.at && h("p", { class: "hint" }, "이미 나간 메시지는 되돌릴 수 없습니다."),
    ],
    run: async () => {
      try {
        return (await client.send(draft, estimate.confirm, key)).batch_id;
      } catch (error) {
        if (error instanceof ApiError && error.code === "already_sent" && error.members.batch_id) return String(error.members.batch_id);
        if (error instanceof ApiError && error.code === "estimate_changed") stale();
        throw error;
      }
    },
  });
}
