import { number } from "../format.js";
import { OBJECT_CLASSES } from "../labels.js";
import { amount } from "../storage/words.js";
import { chart } from "../ui/chart.js";
import { fill, h } from "../ui/dom.js";
import { load, pageOf } from "../ui/page.js";
import { dataTable } from "../ui/table.js";

/** `#/my-storage`: what one's own academy stores. */
export function myStoragePage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const box = h("div", { class: "stack" });
  load({ box, signal, read: () => app.storage.get("usage/mine/", signal, { days: 90 }), show: (usage) => fill(box, ...cards(usage)) });
  return pageOf({ title: "내 저장 공간", lead: "우리 학원의 영상과 파일이 차지하는 공간입니다. 하루에 한 번 셉니다." }, box);
}

/** @returns {HTMLElement[]} */
function cards(/** @type {import("../storage/client.js").OwnUsage} */ { bytes, classes, days }) {
  if (!days.length && !classes.length) return [h("section", { class: "card" }, h("p", { class: "listing-empty" }, "아직 저장된 것이 없거나 처음 세기 전입니다."))];
  const table = dataTable("종류별 저장 공간", [{ key: "name", label: "종류" }, { key: "count", label: "개수" }, { key: "count", label: "용량" }], "listing");
  for (const one of classes) table.add([[OBJECT_CLASSES[one.class] ?? one.class], [number(one.objects)], [amount(one.bytes)]]);
  return [
    h("section", { class: "card stack", "aria-labelledby": "all-title" }, h("h2", { id: "all-title", class: "card-title" }, `모두 ${amount(bytes)}`),
      days.length > 0 && chart({ title: "최근 90일", points: days.map((each) => ({ day: each.day, value: each.bytes })), say: amount })),
    h("section", { class: "card list-card", "aria-label": "종류별" }, h("h2", { class: "card-title" }, "종류별"), table.node,
      h("p", { class: "hint" }, "영상 원본은 보관 기한이 지나면, 올린 명단과 내보낸 엑셀은 쓰고 나면 저절로 지워집니다. 재생용 영상은 영상을 삭제할 때까지 남습니다.")),
  ];
}
