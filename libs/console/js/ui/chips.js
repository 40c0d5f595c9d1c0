import { number } from "../format.js";
import { h } from "./dom.js";

/**
 * Filter buttons of which one is pressed.
 * @param {{ label: string, items: { value: string, label: string, count?: number }[], onPick: (value: string) => void }} spec
 */
export function chips({ label, items, onPick }) {
  const buttons = items.map((item) => h("button", {
    class: "chip", type: "button", "aria-pressed": "false", "data-value": item.value, onclick: () => pick(item.value),
  }, item.label, item.count !== undefined && h("span", { class: "chip-count" }, number(item.count))));
  const select = (/** @type {string} */ value) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
  };
  const pick = (/** @type {string} */ value) => {
    select(value);
    onPick(value);
  };
  return { node: h("div", { class: "chips", role: "group", "aria-label": label }, ...buttons), select };
}
