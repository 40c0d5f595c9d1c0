import { day, number } from "../format.js";
import { BUCKETS, FINDING_KINDS } from "../labels.js";
import { storageView } from "../storage/tabs.js";
import { daily } from "../storage/trend.js";
import { amount, classCell, keyCell } from "../storage/words.js";
import { chart } from "../ui/chart.js";
import { fill, h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { load } from "../ui/page.js";
import { select } from "../ui/select.js";
import { orDash, wordBadge } from "../ui/table.js";

/** `#/storage/orphans?kind=orphan|missing&bucket=…`: objects without a row, rows without their object, and how many over time. */
export function storageOrphansPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const trend = h("div", { class: "chart-pair" });
  load({ box: trend, signal, read: () => app.storage.get("orphans/trend/", signal, { days: 90 }), show: ({ results }) => fill(trend, ...charts(results)) });
  const change = () => {
    app.router.keep(values());
    for (const each of [kind, bucket]) each.classList.toggle("filter-on", each.value !== "");
    listing.reload();
  };
  const kind = select(FINDING_KINDS, { "aria-label": "종류", onchange: change }, "종류 전체");
  const bucket = select(BUCKETS, { "aria-label": "버킷", onchange: change }, "버킷 전체");
  const values = () => ({ kind: kind.value, bucket: bucket.value });
  kind.value = (query.get("kind") ?? "") in FINDING_KINDS ? query.get("kind") ?? "" : "";
  bucket.value = (query.get("bucket") ?? "") in BUCKETS ? query.get("bucket") ?? "" : "";
  const listing = new Listing({
    caption: "고아와 누락", unit: "개", signal, columns: COLUMNS, cells, empty: () => "마지막으로 훑었을 때 고아도 누락도 없었습니다.",
    read: (cursor, run) => app.storage.page("orphans/", { ...values(), cursor }, run, (row) => [row.kind, row.bucket, row.key].join("\n")),
  });
  change();
  return storageView({ title: "고아와 누락", at: "/storage/orphans",
    lead: "고아 객체는 쓴 지 72시간이 지나도 가리키는 기록이 없는 객체이고, 승인된 계획으로만 지웁니다. 누락은 기록은 있는데 객체가 없는 것으로, 지워진 경위를 삭제 대장에서 찾아야 합니다." },
  h("section", { class: "card", "aria-label": "90일의 흐름" }, trend),
  h("section", { class: "card list-card", "aria-label": "고아와 누락" }, h("div", { class: "filters", role: "search" }, kind, bucket), listing.node));
}

/** @returns {HTMLElement[]} */
function charts(/** @type {import("../storage/client.js").TrendPoint[]} */ points) {
  if (!points.length) return [h("p", { class: "listing-empty" }, "90일 동안 고아도 누락도 없었습니다. 언제 훑었는지는 ‘버킷 점검’에 있습니다.")];
  const say = (/** @type {number} */ count) => `${number(count)}개`;
  return [
    chart({ title: "고아 객체", points: daily(points, "orphan"), say, tone: "warn" }),
    chart({ title: "누락", points: daily(points, "missing"), say, tone: "bad" }),
  ];
}

const COLUMNS = [
  { key: "state", label: "종류" }, { key: "keys", label: "키" }, { key: "service", label: "무엇" }, { key: "count", label: "용량" },
  { key: "day", label: "쓴 때" }, { key: "day", label: "처음 본 때" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {import("../storage/client.js").Finding} */ row) {
  return [
    [wordBadge(FINDING_KINDS, row.kind)], [keyCell(row.bucket, row.key, row.tenant_id)],
    [classCell(row.class)], [row.kind === "missing" ? orDash("") : amount(row.bytes)], [orDash(day(row.written_at))], [day(row.first_seen)],
  ];
}
