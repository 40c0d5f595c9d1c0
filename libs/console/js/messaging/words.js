import { number, when } from "../format.js";
import { MESSAGE_CATEGORIES, MESSAGE_KINDS, MESSAGE_STATES, TEMPLATE_STATES } from "../labels.js";
import { h } from "../ui/dom.js";
import { badge } from "../ui/table.js";

/** An amount as the API gives it: "1234.50" → "1,234.5원"; "" where there is none @returns {string} */
export function won(/** @type {string | number | null | undefined} */ amount) {
  return amount === null || amount === undefined ? "" : `${number(Number(amount))}원`;
}

export function stateBadge(/** @type {string} */ status) {
  const state = MESSAGE_STATES[status] ?? { tone: "calm", label: status };
  return badge(state.tone, state.label);
}

export function reviewBadge(/** @type {string} */ review) {
  const state = TEMPLATE_STATES[review] ?? { tone: "calm", label: review };
  return badge(state.tone, state.label);
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

/** @returns {import("../ui/dom.js").Child} a time, or a dash */
export function whenOrDash(/** @type {string | null | undefined} */ time) {
  return when(time) || h("span", { class: "blank" }, "–");
}

/** The value of a datetime-local field, meant in Seoul, as an ISO time; null for an empty one. @returns {string | null} */
export function seoulTime(/** @type {string} */ local) {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(local) ? `${local.slice(0, 16)}:00+09:00` : null;
}

const LOCAL = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul", dateStyle: "short", timeStyle: "short" });

/** A moment as the value of a datetime-local field in Seoul: "2026-11-23T09:05" @returns {string} */
export function seoulLocal(/** @type {Date} */ moment) {
  return LOCAL.format(moment).replace(" ", "T");
}

/** A day of a date field, from its first moment in Seoul. @returns {string} */
export function dayBegins(/** @type {string} */ date) {
  return date && `${date}T00:00:00+09:00`;
}

/** A day of a date field, as the first moment after it. @returns {string} */
export function dayEnds(/** @type {string} */ date) {
  return date && new Date(Date.parse(`${date}T00:00:00+09:00`) + 86_400_000).toISOString();
}
