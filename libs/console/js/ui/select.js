import { h } from "./dom.js";

/**
 * A list of choices. @param {Record<string, string | { label: string }>} words by value
 * @param {Record<string, any>} [props] @param {string} [none] the word for no value, which then comes first
 */
export function select(words, props = {}, none = "") {
  return h("select", { class: "input", ...props }, none && h("option", { value: "" }, none),
    ...Object.entries(words).map(([value, word]) => h("option", { value }, typeof word === "string" ? word : word.label)));
}
