import { fill, h } from "../ui/dom.js";
import { pageHead } from "../ui/page.js";
import { badge } from "../ui/table.js";
import { lectureLine } from "./words.js";

const TABS = /** @type {[string, string][]} */ ([["", "차시"], ["/roster", "수강생"], ["/attendance", "출결"]]);

/**
 * A page of one lecture: its head, the way to the others, and what it holds. `name` fills in what the lecture is called once
 * that is known.
 * @param {{ id: string, at: string, back: string, actions?: import("../ui/dom.js").Child[] }} spec `at`: the tab; `back`: the list of lectures
 * @param {import("../ui/dom.js").Child[]} children
 */
export function lectureView({ id, at, back, actions }, ...children) {
  const path = `#/lectures/${encodeURIComponent(id)}`;
  const word = TABS.find(([end]) => end === at)?.[1] ?? "";
  const head = pageHead({ title: "강의", lead: " ", crumb: { href: back, label: "강의" }, actions });
  const tabs = h("nav", { class: "tabs", "aria-label": "강의 메뉴" },
    ...TABS.map(([end, label]) => h("a", { href: `${path}${end}`, "aria-current": end === at ? "page" : null }, label)));
  const name = (/** @type {import("./client.js").Lecture} */ lecture) => {
    fill(/** @type {Element} */ (head.querySelector("h1")), lecture.title);
    fill(/** @type {Element} */ (head.querySelector(".lead")), lectureLine(lecture), !lecture.is_active && badge("calm", "끝난 강의"));
    document.title = `${lecture.title} ${word} – 학원 데스크`;
  };
  return { title: `강의 ${word}`, node: h("div", { class: "lecture" }, head, tabs, h("div", { class: "stack" }, ...children)), name };
}
