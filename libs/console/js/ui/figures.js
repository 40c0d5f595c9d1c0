import { number } from "../format.js";
import { h } from "./dom.js";

/**
 * Counts, or what else can be said in a word, as tiles. `tone` is of a count that is more than nothing, and of any other value.
 * @param {{ label: string, value: number | import("./dom.js").Child, tone?: string }[]} list @param {string} [extra] classes
 */
export function figures(list, extra = "") {
  return h("dl", { class: `figures ${extra}`.trim() }, ...list.map(({ label, value, tone = "calm" }) =>
    h("div", { class: `figure figure-${value === 0 ? "zero" : tone}` }, h("dt", {}, label), h("dd", {}, typeof value === "number" ? number(value) : value))));
}
