import { askLecture } from "../lectures/lecture-form.js";
import { LectureFilters } from "../lectures/lecture-filters.js";
import { spanOf } from "../lectures/words.js";
import { dot } from "../students/words.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { Listing } from "../ui/listing.js";
import { pageOf } from "../ui/page.js";
import { badge, orDash } from "../ui/table.js";

/** @typedef {import("../lectures/client.js").Lecture} Lecture */

/** `#/lectures?search=…&is_active=true`: every lecture, newest first. */
export function lecturesPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const filters = new LectureFilters({ query, signal });
  const listing = new Listing({
    caption: "강의 목록", unit: "개", signal, columns: COLUMNS, cells,
    read: (cursor, run) => app.lectures.page({ ...filters.values, cursor }, run),
    empty: () => (Object.keys(filters.values).length ? "맞는 강의가 없습니다. 검색어나 조건을 줄여 보세요." : "아직 강의가 없습니다. 오른쪽 위 ‘새 강의’로 만들어 주세요."),
  });
  const show = () => {
    app.router.keep(filters.values);
    listing.reload();
  };
  const create = async () => {
    const lecture = await askLecture({ app, signal });
    if (lecture) app.router.go(`/lectures/${lecture.id}`);
  };
  filters.addEventListener("change", show);
  show();
  const anew = h("button", { class: "button button-main", type: "button", onclick: create }, icon("plus"), "새 강의");
  return pageOf({ title: "강의", lead: "차시, 수강생, 출결을 강의마다 봅니다.", actions: [h("a", { class: "button", href: "#/exports" }, icon("download"), "내보낸 파일"), anew] },
    h("section", { class: "card list-card", "aria-label": "강의 목록" }, filters.node, listing.node));
}

const COLUMNS = [
  { key: "name", label: "강의" }, { key: "what", label: "과목" }, { key: "what", label: "강사·반" }, { key: "what", label: "수업 시간" },
  { key: "day", label: "기간" }, { key: "act", label: "출결" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Lecture} */ lecture) {
  return [
    [h("a", { class: "row-link", href: `#/lectures/${lecture.id}` }, dot(lecture.color), lecture.title), !lecture.is_active && badge("calm", "끝난 강의")],
    [orDash(lecture.subject)],
    [orDash(lecture.name)],
    [orDash(lecture.lecture_time)],
    [orDash(spanOf(lecture))],
    [h("a", { class: "button button-small", href: `#/lectures/${lecture.id}/attendance`, "aria-label": `${lecture.title} 출결` }, "출결")],
  ];
}
