import { when } from "../format.js";
import { ERASURE_REASONS } from "../labels.js";
import { serviceName } from "../students/holdings.js";
import { h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { pageOf } from "../ui/page.js";
import { badge } from "../ui/table.js";

const COLUMNS = [
  { key: "pseudonym", label: "가명" }, { key: "reason", label: "사유" }, { key: "day", label: "파기 시작" }, { key: "day-end", label: "마침" }, { key: "state", label: "상태" },
];

/** `#/erasures`: every purge, newest first. */
export function erasuresPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const listing = new Listing({
    caption: "파기 확인서 목록", unit: "건", signal, columns: COLUMNS, cells, empty: () => "아직 파기한 학생이 없습니다.",
    read: async (cursor, run) => {
      const page = await app.students.page("erasures/", { cursor }, run);
      return { ...page, results: page.results.map((row) => ({ ...row, id: row.student_id })) };
    },
  });
  listing.reload();
  return pageOf({
    title: "파기 확인서", crumb: { href: app.router.last("/trash"), label: "삭제된 학생" },
    lead: "영구 삭제한 학생마다 모든 서비스가 무엇을 파기했는지 남습니다. 이름은 남지 않고 가명으로만 찾을 수 있습니다.",
  }, h("section", { class: "card list-card", "aria-label": "파기 확인서 목록" }, listing.node));
}

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {any} */ row) {
  const waiting = row.waiting ?? [];
  return [
    [h("a", { class: "row-link mono", href: `#/erasures/${row.student_id}` }, row.pseudonym)],
    [ERASURE_REASONS[row.reason] ?? row.reason],
    [when(row.requested_at)],
    [when(row.completed_at)],
    [waiting.length ? badge("warn", `${waiting.map(serviceName).join(", ")} 기다리는 중`) : badge("good", "완료")],
  ];
}
