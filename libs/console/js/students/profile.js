import { day, when } from "../format.js";
import { h } from "../ui/dom.js";
import { orDash } from "../ui/table.js";
import { FACTS } from "./words.js";

/** @typedef {import("./client.js").Detail} Detail */

/** What is known of the student. */
export function profile(/** @type {Detail} */ student) {
  const facts = [...FACTS, ["주소", (/** @type {Detail} */ s) => s.address], ["등록일", (/** @type {Detail} */ s) => day(s.created_at)]];
  const lines = /** @type {typeof FACTS} */ (facts).map(([label, read]) => [label, read(student)]);
  const own = Object.entries(student.custom_fields ?? {});
  return h("section", { class: "card", "aria-labelledby": "profile-title" },
    h("h2", { id: "profile-title", class: "card-title" }, "기본 정보"),
    factList([...lines, ...own]),
    student.memo && h("div", { class: "memo" }, h("h3", { class: "memo-title" }, "메모"), h("p", { class: "memo-text" }, student.memo)),
    h("p", { class: "small-print" }, `${when(student.updated_at)}에 마지막으로 고침`));
}

/** Pairs of a label and what it holds. */
export function factList(/** @type {import("../ui/dom.js").Child[][]} */ lines) {
  return h("dl", { class: "fact-list" }, ...lines.map(([label, value]) => h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, orDash(value)))));
}
