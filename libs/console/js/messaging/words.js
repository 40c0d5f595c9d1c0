import { number } from "../format.js";
import { MESSAGE_CATEGORIES, MESSAGE_KINDS } from "../labels.js";
import { h } from "../ui/dom.js";
import { badge } from "../ui/table.js";

/** An amount as the API gives it: "1234.50" → "1,234.5원"; "" where there is none @returns {string} */
export function won(/** @type {string | number | null | undefined} */ amount) {
  return amount === null || amount === undefined ? "" : `${number(Number(amount))}원`;
}

export function categoryBadge(/** @type {string} */ category) {
  return badge(category === "AD" ? "warn" : "calm", MESSAGE_CATEGORIES[category] ?? category);
}

/** @returns {string} */
export function kindWord(/** @type {string | null | undefined} */ kind) {
  return MESSAGE_KINDS[kind ?? ""] ?? kind ?? "";
}

/** A masked number as the API gives it; the person behind it may have been erased. */
export function masked(/** @type {string | null} */ recipient) {
  return recipient ? h("span", { class: "masked" }, recipient) : h("span", { class: "hint" }, "파기됨");
}
