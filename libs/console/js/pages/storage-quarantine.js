import { day, number } from "../format.js";
import { mono } from "../operations/words.js";
import { storageView } from "../storage/tabs.js";
import { amount, keyCell } from "../storage/words.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";

/** `#/storage/quarantine`: keys of shapes that no rule knows. */
export function storageQuarantinePage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const listing = new Listing({
    caption: "격리 목록", unit: "가지 모양", signal, columns: COLUMNS, cells, empty: () => "모든 키를 규칙이 알고 있습니다.",
    read: (cursor, run) => app.storage.page("quarantine/", { cursor }, run, (row) => [row.bucket, row.shape].join("\n")),
  });
  listing.reload();
  return storageView({ title: "격리 목록", at: "/storage/quarantine",
    lead: "어떤 규칙도 모르는 모양의 키입니다. 저절로 지우지 않습니다. 새 종류의 파일이면 정책에 규칙을 더하고, 옛 자료면 delete-r2-legacy 명령으로 지웁니다." },
  h("section", { class: "card list-card", "aria-label": "격리 목록" }, listing.node));
}

const COLUMNS = [
  { key: "name", label: "모양" }, { key: "count", label: "개수" }, { key: "count", label: "용량" }, { key: "keys", label: "예" },
  { key: "day", label: "처음 본 때" }, { key: "day", label: "마지막으로 본 때" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {import("../storage/client.js").Shape} */ row) {
  return [[mono(row.shape)], [number(row.objects)], [amount(row.bytes)], [keyCell(row.bucket, row.sample_key)], [day(row.first_seen)], [day(row.last_seen)]];
}
