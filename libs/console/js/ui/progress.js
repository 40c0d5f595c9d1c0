import { h, uid } from "./dom.js";

/**
 * A bar with its figure, a line of text on the left and one on the right.
 * @typedef {{ percent: number | null, label: string, left?: string, right?: string }} Reading  null = not known yet
 */
export function progressPanel() {
  const id = uid("progress");
  const label = h("p", { class: "progress-label", id });
  const figure = h("p", { class: "progress-figure", "aria-hidden": "true" });
  const bar = h("progress", { class: "bar", max: "100", "aria-labelledby": id });
  const left = h("span");
  const right = h("span");
  const node = h("div", { class: "progress" },
    h("div", { class: "progress-head" }, label, figure), bar, h("p", { class: "progress-foot" }, left, right));

  const set = (/** @type {Reading} */ reading) => {
    label.textContent = reading.label;
    left.textContent = reading.left ?? "";
    right.textContent = reading.right ?? "";
    figure.textContent = reading.percent === null ? "" : `${Math.floor(reading.percent)}%`;
    if (reading.percent === null) bar.removeAttribute("value");
    else bar.value = reading.percent;
    bar.setAttribute("aria-valuetext", [figure.textContent, reading.left, reading.right].filter(Boolean).join(", "));
  };
  return { node, set };
}
