import { number, when } from "../format.js";
import { PLAN_KINDS, PLAN_STATES } from "../labels.js";
import { storageView } from "../storage/tabs.js";
import { amount, links, planName, usd } from "../storage/words.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { select } from "../ui/select.js";
import { badge, orDash, wordBadge } from "../ui/table.js";

/** @typedef {import("../storage/client.js").Plan} Plan */

/** `#/storage/plans?state=…&kind=…`: what goes, newest first; what waits for an approval is one choice away. */
export function storagePlansPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const change = () => {
    app.router.keep(values());
    for (const each of [state, kind]) each.classList.toggle("filter-on", each.value !== "");
    listing.reload();
  };
  const state = select(PLAN_STATES, { "aria-label": "상태", onchange: change }, "상태 전체");
  const kind = select(PLAN_KINDS, { "aria-label": "종류", onchange: change }, "종류 전체");
  const values = () => ({ state: state.value, kind: kind.value });
  state.value = (query.get("state") ?? "") in PLAN_STATES ? query.get("state") ?? "" : "";
  kind.value = (query.get("kind") ?? "") in PLAN_KINDS ? query.get("kind") ?? "" : "";
  const listing = new Listing({
    caption: "삭제 계획", unit: "개", signal, columns: COLUMNS, cells, read: (cursor, run) => app.storage.page("plans/", { ...values(), cursor }, run),
    empty: () => (state.value || kind.value ? "맞는 계획이 없습니다." : "아직 계획이 없습니다. 버킷을 훑고 지울 것이 있으면 만들어집니다."),
  });
  change();
  const again = h("button", { class: "button", type: "button", onclick: change }, "새로 고침");
  return storageView({ title: "삭제 계획", lead: "지울 객체의 목록입니다. 한 번 만든 계획은 바뀌지 않고, 안전장치에 걸린 것과 고아 객체, 파기는 승인이 있어야 지웁니다.", at: "/storage/plans", actions: [again] },
    h("section", { class: "card list-card", "aria-label": "삭제 계획" }, h("div", { class: "filters", role: "search" }, state, kind), listing.node));
}

const COLUMNS = [
  { key: "name", label: "계획" }, { key: "state", label: "상태" }, { key: "count", label: "개수" }, { key: "count", label: "용량" }, { key: "count", label: "한 달 절약" },
  { key: "what", label: "안전장치" }, { key: "count", label: "지움" }, { key: "day", label: "만든 때" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Plan} */ plan) {
  return [
    [h("a", { class: "row-link", href: links.plan(plan.id) }, planName(plan))], [wordBadge(PLAN_STATES, plan.state)], [number(plan.objects)], [amount(plan.bytes)],
    [usd(plan.saving_usd)], [orDash(plan.fuses.length > 0 && badge("warn", `${number(plan.fuses.length)}개 걸림`))], [number(plan.deleted)], [when(plan.created_at)],
  ];
}
