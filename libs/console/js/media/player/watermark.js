import { h } from "../../ui/dom.js";

const EVERY_MS = 8000;

/** Who is watching, over the picture, each few seconds elsewhere. @returns {HTMLElement} */
export function watermark(/** @type {string} */ text, /** @type {AbortSignal} */ signal) {
  const node = h("span", { class: "watermark", "aria-hidden": "true" }, text);
  const move = () => {
    node.style.left = `${5 + Math.random() * 60}%`;
    node.style.top = `${8 + Math.random() * 75}%`;
  };
  move();
  const timer = setInterval(move, EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return node;
}
