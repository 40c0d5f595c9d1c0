import { h } from "../ui/dom.js";
import { pageHead } from "../ui/page.js";
import { tabsOf } from "../ui/tabs.js";

const TABS = /** @type {[string, string][]} */ ([
  ["/storage", "사용량·비용"], ["/storage/policy", "보관 정책"], ["/storage/plans", "삭제 계획"], ["/storage/ledger", "삭제 대장"],
  ["/storage/holds", "보존"], ["/storage/orphans", "고아·누락"], ["/storage/quarantine", "격리 목록"], ["/storage/buckets", "버킷 점검"],
]);

/**
 * A page of 저장소: its head, the way to the others, and what it holds.
 * @param {Parameters<typeof pageHead>[0] & { at: string }} head `at`: the tab that it belongs to
 * @param {import("../ui/dom.js").Child[]} children
 * @returns {import("../router.js").View}
 */
export function storageView({ at, ...head }, ...children) {
  const tabs = tabsOf({ label: "저장소 메뉴", tabs: TABS, at, below: Boolean(head.crumb) });
  return { title: head.title, node: h("div", {}, pageHead(head), tabs, h("div", { class: "stack" }, ...children)) };
}
