import { age, number } from "../format.js";
import { AGE_SINCE } from "../labels.js";
import { mono } from "../operations/words.js";
import { ExplainCard } from "../storage/explain-card.js";
import { storageView } from "../storage/tabs.js";
import { amount, bucketWord, classCell, hashCell } from "../storage/words.js";
import { fill, h } from "../ui/dom.js";
import { load } from "../ui/page.js";
import { badge, dataTable, orDash } from "../ui/table.js";

/** @typedef {import("../storage/client.js").Rule} Rule */

/** `#/storage/policy?key=…&bucket=…`: which objects go when, and what that means for one of them. */
export function storagePolicyPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const box = h("div", { class: "stack" });
  const explain = new ExplainCard({ app, query, signal });
  load({ box, signal, read: () => app.storage.get("policy/", signal), show: (policy) => fill(box, ...shown(policy)) });
  const tried = h("a", { class: "button", href: "#/storage/policy/backtest" }, "지난 기간에 시험");
  return storageView({ title: "보관 정책", lead: "무엇을 언제까지 두는지입니다. 정책은 코드와 함께 바뀌고, 이 화면에서는 고치지 않습니다.", at: "/storage/policy", actions: app.auth.operates ? [tried] : [] },
    explain.node, h("section", { class: "card list-card", "aria-label": "규칙" }, h("h2", { class: "card-title" }, "규칙"), box));
}

const COLUMNS = [
  { key: "name", label: "규칙" }, { key: "service", label: "버킷과 키의 모양" }, { key: "what", label: "언제 지우나" }, { key: "what", label: "주인" },
  { key: "fuse", label: "하루에 저절로 지우는 한도" },
];

function shown(/** @type {import("../storage/client.js").Policy} */ policy) {
  const table = dataTable(`규칙 ${number(policy.rules.length)}개`, COLUMNS, "listing");
  for (const rule of policy.rules) {
    const deletes = rule.action === "delete";
    table.add([
      [classCell(rule.name)], [h("div", { class: "two-lines" }, bucketWord(rule.bucket), mono(rule.pattern))],
      [h("div", { class: "two-lines" }, deletes ? schedule(rule) : h("span", {}, badge("good", "계속 보관")), !rule.erase && h("span", { class: "hint" }, "파기할 때도 남깁니다"))],
      [orDash(rule.owner)], [deletes ? fuse(rule) : orDash("")],
    ]);
  }
  return [
    h("p", { class: "facts" }, `판 ${number(policy.version)} · 지문 `, hashCell(policy.digest), ` · 1초에 ${number(policy.objects_per_second)}개까지 · 지운 뒤 ${number(policy.sample)}개를 다시 확인`),
    table.node,
  ];
}

function schedule(/** @type {Rule} */ rule) {
  return h("span", {}, `${AGE_SINCE[rule.from ?? ""] ?? rule.from}부터 ${age(rule.age_seconds)} 뒤`, rule.grace_seconds > 0 && h("span", { class: "hint" }, ` · 계획하고 ${age(rule.grace_seconds)} 기다림`));
}

function fuse(/** @type {Rule} */ { fuse: { objects, percent, bytes, floor } }) {
  return h("span", {}, `${number(objects)}개 · ${amount(bytes)} · 버킷의 ${number(percent)}%`, h("span", { class: "hint" }, ` (${number(floor)}개를 넘을 때)`));
}
