import { number, phone, when } from "../format.js";
import { h } from "../ui/dom.js";
import { figures } from "../ui/figures.js";
import { notice } from "../ui/notice.js";
import { badge } from "../ui/table.js";
import { holdings, serviceName } from "./holdings.js";
import { daysLeft } from "./words.js";

/** @typedef {import("./client.js").Plan} Plan @typedef {import("./client.js").Group} Group @typedef {import("./client.js").Twin} Twin */

const REFUSED = /** @type {Record<string, string>} */ ({ placeholder_phone: "학부모 전화가 비었거나 가짜 번호라서 같은 사람인지 알 수 없습니다. 정리하지 않습니다." });

/** The counts of a plan. */
export function planFigures(/** @type {Plan} */ plan) {
  return figures([
    { label: "중복 묶음", value: plan.duplicate_groups, tone: "warn" }, { label: "영구 삭제할 기록", value: plan.records_to_remove, tone: "bad" },
    { label: "제외한 묶음", value: plan.refused_groups },
  ], "figures-few");
}

/** What could not be counted. */
export function unknownServices(/** @type {Plan} */ plan) {
  const away = Object.entries(plan.services).filter(([, state]) => state !== "ok").map(([service]) => serviceName(service));
  return away.length > 0 && notice("warn", `${away.join(", ")} 쪽이 지금 응답하지 않습니다.`,
    h("p", {}, "그쪽의 딸린 기록 수가 아래에 빠져 있습니다. 정리하면 그쪽 기록도 함께 파기됩니다."));
}

/** The groups: which record stays, which go, and what each takes with it. */
export function planGroups(/** @type {Plan} */ plan) {
  return h("section", { class: "card", "aria-labelledby": "groups-title" },
    h("h2", { id: "groups-title", class: "card-title" }, "묶음별로 보기"),
    plan.groups.length < plan.duplicate_groups && h("p", { class: "hint" }, `앞의 ${number(plan.groups.length)}묶음만 보여 드립니다. 정리는 모든 묶음에 적용됩니다.`),
    h("ul", { class: "twin-groups" }, ...plan.groups.map(group)));
}

function group(/** @type {Group} */ each) {
  return h("li", { class: "twin-group" },
    h("h3", { class: "twin-title" }, each.name, h("span", { class: "twin-phone" }, phone(each.parent_phone)),
      each.refused && badge("calm", "제외")),
    each.refused && h("p", { class: "hint" }, REFUSED[each.refused] ?? each.refused),
    h("ul", { class: "twins" }, twin(each.keep, each.refused ? "" : "keep"), ...each.remove.map((one) => twin(one, each.refused ? "" : "remove"))));
}

const FATES = /** @type {Record<string, [string, string]>} */ ({ keep: ["good", "남김"], remove: ["bad", "영구 삭제"], "": ["calm", "그대로"] });

function twin(/** @type {Twin} */ one, /** @type {string} */ fate) {
  const [tone, word] = FATES[fate];
  return h("li", { class: "twin" }, h("span", { class: "twin-fate" }, badge(tone, word)),
    h("span", { class: "twin-when" }, h("a", { href: `#/students/${one.id}` }, `${when(one.deleted_at)} 삭제`)),
    h("span", { class: "twin-login" }, one.login_id ?? "아이디 없음"),
    h("span", { class: "twin-holds" }, holdings(one.holdings), " ", fate === "remove" && one.days_left !== undefined && daysLeft(one.days_left)));
}
