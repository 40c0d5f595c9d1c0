import { ApiError, NetworkError } from "../api.js";
import { h } from "./dom.js";
import { icon } from "./icon.js";

/** @typedef {"bad" | "warn" | "info" | "good"} Tone */

const ICONS = { bad: "alert", warn: "alert", info: "info", good: "check" };

/**
 * A box with a message and what to do about it.
 * @param {Tone} tone @param {string} title @param {import("./dom.js").Child[]} body
 */
export function notice(tone, title, ...body) {
  const role = tone === "bad" ? "alert" : "note";
  return h("div", { class: `notice notice-${tone}`, role },
    icon(ICONS[tone]),
    h("div", { class: "notice-body" }, h("p", { class: "notice-title" }, title), ...body));
}

/** Code and request id in small print: what support asks for. */
export function smallPrint(/** @type {unknown} */ error) {
  if (!(error instanceof ApiError)) return null;
  const parts = [`오류 코드 ${error.code}`];
  if (error.requestId) parts.push(`요청 번호 ${error.requestId}`);
  return h("p", { class: "small-print" }, parts.join(" · "));
}

/** @returns {string} what went wrong, in words for the person at the desk */
export function explain(/** @type {unknown} */ error) {
  if (error instanceof ApiError || error instanceof NetworkError) return error.message;
  return "예상하지 못한 문제가 생겼습니다. 화면을 새로 고친 뒤 다시 시도해 주세요.";
}

/** An error with what to do next. */
export function errorNotice(/** @type {unknown} */ error, /** @type {import("./dom.js").Child[]} */ ...actions) {
  if (!(error instanceof ApiError || error instanceof NetworkError)) console.error(error);
  return notice("bad", explain(error), ...actions, smallPrint(error));
}
