import { phone } from "../format.js";
import { GENDERS, SCHOOL_TYPES } from "../labels.js";
import { h } from "../ui/dom.js";
import { badge, orDash } from "../ui/table.js";

/** @typedef {import("./client.js").Student} Student */

/** "한빛중 2학년 3반"; "" when nothing is known @returns {string} */
export function schoolLine(/** @type {Partial<Student>} */ student) {
  const kind = student.school ? "" : SCHOOL_TYPES[student.school_type ?? ""] ?? "";
  const group = student.school_class?.trim() ?? "";
  return [student.school ?? kind, student.grade && `${student.grade}학년`, /^\d+$/.test(group) ? `${group}반` : group].filter(Boolean).join(" ");
}

/** What tells two of one name apart, in a line. @returns {string} */
export function brief(/** @type {Partial<Student>} */ student) {
  return [schoolLine(student), phone(student.parent_phone)].filter(Boolean).join(" · ");
}

/** Facts in the order they are read: [label, how it reads]. @type {[string, (student: any) => string | null | undefined][]} */
export const FACTS = [
  ["이름", (s) => s.name],
  ["학부모 전화", (s) => phone(s.parent_phone)],
  ["학생 전화", (s) => phone(s.student_phone)],
  ["아이디", (s) => s.login_id],
  ["OMR 번호", (s) => s.omr_code],
  ["성별", (s) => GENDERS[s.gender ?? ""]],
  ["학교", (s) => [s.school, !s.school?.trim() && SCHOOL_TYPES[s.school_type ?? ""], s.grade && `${s.grade}학년`].filter(Boolean).join(" ")],
  ["반", (s) => s.school_class],
  ["계열", (s) => s.major],
  ["출신 학교", (s) => s.origin_school],
];

/** A tag; its colour is a dot, so that the word stays readable on any ground. */
export function tagBadge(/** @type {import("./client.js").Tag} */ tag, /** @type {import("../ui/dom.js").Child[]} */ ...more) {
  return h("span", { class: "tag" }, dot(tag.color), h("span", { class: "tag-name" }, tag.name), ...more);
}

const SVG = "http://www.w3.org/2000/svg";

/** A colour as a dot; nothing where there is none. */
export function dot(/** @type {string | null | undefined} */ color) {
  if (!/^#[0-9a-f]{6}$/i.test(color ?? "")) return null;
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 8 8"], ["class", "tag-dot"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  const circle = document.createElementNS(SVG, "circle");
  for (const [key, value] of [["cx", "4"], ["cy", "4"], ["r", "4"], ["fill", color ?? ""]]) circle.setAttribute(key, value);
  svg.append(circle);
  return svg;
}

/** "김하나, 이두리 외 3명" */
export function namesLine(/** @type {Record<string, any>[]} */ rows) {
  const shown = rows.slice(0, 5).map((row) => row.name).join(", ");
  return h("p", { class: "names-line" }, rows.length > 5 ? `${shown} 외 ${rows.length - 5}명` : shown);
}

/** Days until the purge, the nearer the louder. */
export function daysLeft(/** @type {number | null | undefined} */ days) {
  if (days === null || days === undefined) return orDash("");
  return badge(days <= 3 ? "bad" : days <= 7 ? "warn" : "calm", days > 0 ? `${days}일 남음` : "오늘 파기");
}
