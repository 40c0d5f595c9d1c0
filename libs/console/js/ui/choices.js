import { h, uid } from "./dom.js";

/**
 * Radio buttons side by side, of which one is chosen.
 * @param {{ label: string, items: { value: string, label: string, hint?: string }[], value: string, onPick: (value: string) => void }} spec
 */
export function choices({ label, items, value, onPick }) {
  const name = uid("choice");
  const radios = items.map((item) => h("input", {
    type: "radio", name, class: "check", value: item.value, checked: item.value === value, onchange: () => onPick(item.value),
  }));
  const lines = items.map((item, i) => h("label", { class: "choice" }, radios[i], h("span", { class: "choice-word" }, item.label), item.hint && h("span", { class: "hint" }, item.hint)));
  const pick = (/** @type {string} */ wanted) => radios.forEach((radio) => (radio.checked = radio.value === wanted));
  const allow = (/** @type {(value: string) => boolean} */ may) => radios.forEach((radio) => (radio.disabled = !may(radio.value)));
  const node = h("div", { class: "choices", role: "radiogroup", "aria-label": label }, ...lines);
  return { node, pick, allow, get value() { return radios.find((radio) => radio.checked)?.value ?? ""; } };
}
