import { h } from "../ui/dom.js";
import { pageHead } from "../ui/page.js";
import { tabsOf } from "../ui/tabs.js";

const TABS = /** @type {[string, string][]} */ ([
  ["/messages", "보내기"], ["/messages/batches", "예약·발송 묶음"], ["/messages/log", "발송 기록"], ["/messages/ambiguous", "확인 필요"],
  ["/messages/templates", "템플릿"], ["/messages/triggers", "자동 발송"], ["/messages/requests", "알림 요청"], ["/messages/consent", "수신 동의"], ["/messages/settings", "설정"],
]);

/**
 * A page of 메시지: its head, the way to the others, and what it holds.
 * @param {Parameters<typeof pageHead>[0] & { at: string }} head `at`: the tab that it belongs to
 * @param {import("../ui/dom.js").Child[]} children
 * @returns {import("../router.js").View}
 */
export function messagesView({ at, ...head }, ...children) {
  const tabs = tabsOf({ label: "메시지 메뉴", tabs: TABS, at, below: Boolean(head.crumb) });
  return { title: head.title, node: h("div", {}, pageHead(head), tabs, h("div", { class: "stack" }, ...children)) };
}
