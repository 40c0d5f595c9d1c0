import { number, when } from "../format.js";
import { BUCKETS, DRIFT_STATES } from "../labels.js";
import { followRequest } from "../storage/following.js";
import { storageView } from "../storage/tabs.js";
import { amount, bucketWord, links } from "../storage/words.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { load } from "../ui/page.js";
import { select } from "../ui/select.js";
import { orDash, wordBadge } from "../ui/table.js";

/** @typedef {import("../storage/client.js").Drift} Drift @typedef {import("../storage/client.js").Sweep} Sweep */

/** `#/storage/buckets?bucket=…&request=<id>`: when each bucket was read, and whether its own rules are the policy's. */
export function storageBucketsPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const box = h("div", { class: "stack" });
  const rules = h("div", { class: "stack" });
  const keep = (/** @type {string} */ request) => app.router.keep({ bucket: bucket.value, request });
  const bucket = select(BUCKETS, { "aria-label": "버킷", onchange: () => (keep(""), listing.reload()) }, "버킷 전체");
  bucket.value = (query.get("bucket") ?? "") in BUCKETS ? query.get("bucket") ?? "" : "";
  const listing = new Listing({
    caption: "버킷을 훑은 기록", unit: "번", signal, columns: COLUMNS, cells, empty: () => "아직 훑은 적이 없습니다.",
    read: (cursor, run) => app.storage.page("sweeps/", { bucket: bucket.value, cursor }, run),
  });
  const follow = (/** @type {string} */ id) => followRequest({
    app, id, box, signal, waiting: "버킷을 훑는 중입니다. 객체가 많으면 몇 분 걸리고, 이 화면을 떠나도 계속됩니다.",
    done: ({ result }) => {
      listing.reload();
      return [swept(result?.plans ?? [])];
    },
  });
  const start = async () => {
    const request = await askSweep({ app, signal, bucket: bucket.value });
    if (!request) return;
    keep(request.id);
    follow(request.id);
  };
  load({ box: rules, signal, read: () => app.storage.get("lifecycle/", signal), show: ({ results }) => fill(rules, ...driftParts(results)) });
  listing.reload();
  if (query.get("request")) follow(query.get("request") ?? "");
  return storageView({ title: "버킷 점검", lead: "버킷마다 언제 무엇을 훑었는지, 버킷 자신의 규칙이 정책과 맞는지입니다.", at: "/storage/buckets",
    actions: app.auth.operates ? [h("button", { class: "button button-main", type: "button", onclick: start }, "지금 훑기")] : [] },
  box, h("section", { class: "card stack", "aria-label": "버킷의 규칙" }, h("h2", { class: "card-title" }, "버킷의 수명 주기와 CORS"), rules),
  h("section", { class: "card list-card", "aria-label": "훑은 기록" }, h("h2", { class: "card-title" }, "훑은 기록"), h("div", { class: "filters", role: "search" }, bucket), listing.node));
}

/** @param {{ app: import("../main.js").App, signal: AbortSignal, bucket: string }} spec */
function askSweep({ app, signal, bucket }) {
  const choice = select(BUCKETS);
  if (bucket) choice.value = bucket;
  return ask({
    title: "버킷을 지금 훑을까요?", action: "훑기", signal, run: () => app.storage.sweep(choice.value),
    body: [h("p", {}, "모든 객체를 읽고 지울 때가 된 것의 계획을 만듭니다. 안전장치 안의 계획은 저절로 실행됩니다."), field({ label: "버킷", control: choice }).node],
  });
}

function swept(/** @type {string[]} */ plans) {
  return plans.length
    ? notice("info", `다 훑었고, 계획 ${number(plans.length)}개를 만들었습니다.`, h("p", { class: "actions" }, ...plans.map((id, i) => h("a", { href: links.plan(id) }, `계획 ${number(i + 1)} 보기`))))
    : notice("good", "다 훑었고, 지울 것이 없습니다.");
}

const COLUMNS = [
  { key: "name", label: "버킷" }, { key: "day", label: "시작" }, { key: "day", label: "끝" }, { key: "count", label: "객체" }, { key: "count", label: "용량" },
  { key: "count", label: "목록 요청" }, { key: "act", label: "만든 계획" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Sweep} */ sweep) {
  const plan = (/** @type {string | null} */ id, /** @type {string} */ word) => id && h("a", { href: links.plan(id) }, word);
  return [
    [bucketWord(sweep.bucket)], [when(sweep.started_at)], [sweep.finished_at ? when(sweep.finished_at) : "아직 훑는 중"], [number(sweep.objects)], [amount(sweep.bytes)],
    [`${number(sweep.pages)}번`], [sweep.plan_id || sweep.orphan_plan_id ? h("div", { class: "row-actions" }, plan(sweep.plan_id, "지울 것"), plan(sweep.orphan_plan_id, "고아")) : orDash("")],
  ];
}

const WHAT = /** @type {Record<string, string>} */ ({ lifecycle: "수명 주기", cors: "CORS" });

/** @returns {HTMLElement[]} */
function driftParts(/** @type {Drift[]} */ drifts) {
  if (!drifts.length) return [h("p", { class: "listing-empty" }, "아직 확인한 적이 없습니다. 하루에 한 번 확인합니다.")];
  const differs = drifts.some((each) => each.state === "drift");
  return [
    ...(differs ? [notice("bad", "정책과 다른 버킷이 있습니다.", h("p", {}, "누가 바꿨는지 확인한 뒤 storage-janitor lifecycle apply로 되돌립니다. 버킷의 규칙은 보존과 안전장치를 모릅니다."))] : []),
    ...drifts.map(driftPart),
  ];
}

function driftPart(/** @type {Drift} */ drift) {
  const head = h("span", { class: "facts" }, wordBadge(DRIFT_STATES, drift.state), h("strong", {}, `${bucketWord(drift.bucket)} ${WHAT[drift.what] ?? drift.what}`), `${when(drift.checked_at)} 확인`);
  return h("details", { class: "drift", open: drift.state === "drift" }, h("summary", {}, head),
    h("div", { class: "drift-pair" }, rulesOf("있어야 할 규칙", drift.wanted), rulesOf("실제 규칙", drift.found)));
}

function rulesOf(/** @type {string} */ title, /** @type {Record<string, any>[]} */ rules) {
  return h("div", {}, h("h3", { class: "part-title" }, title), h("pre", { class: "code", tabindex: "0" }, rules.length ? JSON.stringify(rules, null, 2) : "없음"));
}
