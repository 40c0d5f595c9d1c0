import { number } from "../format.js";
import { h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { notice } from "../ui/notice.js";

/**
 * What a bulk request did, and for each student that it left alone the reason.
 * @param {{ done: string, skipped: import("./client.js").Skipped[], names: Map<string, string>, unit?: string }} spec `done`: the sentence
 */
export function bulkResult({ done, skipped, names, unit = "명" }) {
  const rest = `${number(skipped.length)}${unit}은 하지 못했습니다.`;
  announce(skipped.length ? `${done} ${rest}` : done);
  if (!skipped.length) return notice("good", done);
  const line = (/** @type {import("./client.js").Skipped} */ each) => h("li", {},
    h("strong", {}, names.get(each.id) ?? "알 수 없는 학생"), " ", each.reason,
    each.conflict_student_id && h("a", { class: "inline-link", href: `#/students/${each.conflict_student_id}` }, "그 학생 열기"));
  return notice("warn", done, h("p", {}, rest), h("ul", { class: "reasons" }, ...skipped.map(line)));
}

/** @returns {Map<string, string>} id → name */
export function namesOf(/** @type {{ id: string, name?: string }[]} */ rows) {
  return new Map(rows.map((row) => [row.id, row.name ?? ""]));
}
