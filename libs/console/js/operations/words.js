import { age, instant, number } from "../format.js";
import { CONDITIONS, FORECASTS, UNJUDGED } from "../labels.js";
import { serviceName } from "../students/holdings.js";
import { h } from "../ui/dom.js";
import { notice, smallPrint } from "../ui/notice.js";
import { badge } from "../ui/table.js";

/** Where a letter, a cause's letters, a replay, a flow is shown. */
export const links = {
  letter: (/** @type {string} */ service, /** @type {string} */ id) => `#/operations/letters/${service}/${id}`,
  letters: (/** @type {string} */ service, /** @type {Record<string, string>} */ query = {}) => `#/operations/letters/${service}${search(query)}`,
  replay: (/** @type {string} */ service, /** @type {string} */ id) => `#/operations/replays/${service}/${id}`,
  newReplay: (/** @type {Record<string, string>} */ query) => `#/operations/replays/new${search(query)}`,
  flow: (/** @type {string} */ reference) => `#/operations/flow${search({ of: reference })}`,
};

/** @returns {string} */
function search(/** @type {Record<string, string>} */ query) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return text && `?${text}`;
}

/** A service by its code, with its Korean word beside it. */
export function serviceCell(/** @type {string} */ service) {
  return h("span", { class: "service" }, h("span", { class: "service-code" }, service), h("span", { class: "service-word" }, serviceName(service)));
}

/** @returns {HTMLElement} what this build's dry run said of a cause */
export function forecastBadge(/** @type {string | null} */ forecast) {
  const { tone, label } = FORECASTS[forecast ?? ""] ?? UNJUDGED;
  return badge(tone, label);
}

/** An identifier or a word of code. */
export function mono(/** @type {import("../ui/dom.js").Child} */ text) {
  return h("span", { class: "mono" }, text);
}

/** Instead of a count that nobody knows. */
export function unknown() {
  return h("span", {}, h("span", { "aria-hidden": "true" }, "–"), h("span", { class: "visually-hidden" }, "모름"));
}

/** "4분 전" @returns {string} */
export function ago(/** @type {string} */ time, now = Date.now()) {
  return `${age((now - Date.parse(time)) / 1000)} 전`;
}

/** What a filter asks for: "이벤트 students.student.changed · 고른 메시지 3건". @returns {string} */
export function conditions(/** @type {Record<string, any>} */ filter) {
  return Object.entries(filter).map(([name, value]) => `${CONDITIONS[name] ?? name} ${conditionValue(name, value)}`).join(" · ") || "조건 없음";
}

/** @returns {string} */
function conditionValue(/** @type {string} */ name, /** @type {any} */ value) {
  if (Array.isArray(value)) return `${number(value.length)}건`;
  return name === "since" || name === "until" ? instant(value) : String(value);
}

/** What would change: "student 3, events 1"; "" when nothing @returns {string} */
export function changes(/** @type {Record<string, number> | null} */ counts) {
  return Object.entries(counts ?? {}).map(([name, count]) => `${name} ${number(count)}`).join(", ");
}

/** Which services said nothing; their part is missing on the page. */
export function silentNotice(/** @type {import("./client.js").Silent} */ silent, what = "그 서비스의 내용은 빠져 있습니다.") {
  if (!silent.size) return null;
  const names = [...silent.keys()].join(", ");
  return notice("warn", `응답하지 않는 서비스: ${names}`, h("p", {}, what), smallPrint(silent.values().next().value));
}

/** Names and values of a record, side by side. */
export function factList(/** @type {[string, import("../ui/dom.js").Child][]} */ facts) {
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  return h("dl", { class: "fact-list" }, ...shown.map(([name, value]) => h("div", { class: "fact" }, h("dt", {}, name), h("dd", {}, value))));
}
