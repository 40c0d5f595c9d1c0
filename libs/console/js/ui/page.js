import { ApiError } from "../api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icon.js";
import { announce } from "./live.js";
import { errorNotice, notice, smallPrint } from "./notice.js";

/**
 * The top of a page: where it belongs, its name, what it is for, what can be done.
 * @param {{ title: string, lead?: string, crumb?: { href: string, label: string }, actions?: import("./dom.js").Child[] }} spec
 */
export function pageHead({ title, lead, crumb, actions = [] }) {
  return h("header", { class: "page-head page-head-row" },
    h("div", { class: "page-name" }, crumb && h("p", { class: "crumb" }, h("a", { href: crumb.href }, icon("back"), crumb.label)),
      h("h1", { tabindex: "-1" }, title), lead && h("p", { class: "lead" }, lead)),
    actions.length > 0 && h("div", { class: "actions page-actions" }, ...actions));
}

/** The whole of a page under its head. @returns {import("../router.js").View} */
export function pageOf(/** @type {Parameters<typeof pageHead>[0]} */ head, /** @type {import("./dom.js").Child[]} */ ...children) {
  return { title: head.title, node: h("div", {}, pageHead(head), h("div", { class: "stack" }, ...children)) };
}

/** One of the things that a long form asks for, in their order. */
export function step(/** @type {string} */ title, /** @type {import("./dom.js").Child[]} */ ...children) {
  return h("section", { class: "step" }, h("h2", { class: "step-title" }, title), h("div", { class: "stack" }, ...children));
}

/**
 * Fill `box` with what was read; what cannot be read is told, with a way to try again.
 * @template T
 * @param {{ box: Element, read: () => Promise<T>, show: (value: T) => void, signal: AbortSignal, gone?: string }} spec
 *        `gone`: what a 404 means here
 */
export async function load({ box, read, show, signal, gone = "찾을 수 없습니다." }) {
  if (!box.childElementCount) fill(box, h("p", { class: "loading", role: "status" }, "불러오는 중입니다…"));
  try {
    const value = await read();
    if (!signal.aborted) show(value);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError && error.status === 404) fill(box, notice("warn", gone, smallPrint(error)));
    else {
      const again = () => load({ box, read, show, signal, gone });
      fill(box, errorNotice(error, h("button", { class: "button", type: "button", onclick: again }, "다시 불러오기")));
    }
    announce(box.textContent ?? "");
  }
}

/** A button whose work is shown while it lasts; what goes wrong is told in `trouble`. */
export function workButton(/** @type {string} */ label, /** @type {{ kind?: string, symbol?: string, trouble: Element, run: () => Promise<unknown> }} */ spec) {
  const button = h("button", { class: `button ${spec.kind ?? ""}`.trim(), type: "button" }, spec.symbol && icon(spec.symbol), label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(spec.trouble);
    try {
      await spec.run();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) fill(spec.trouble, errorNotice(error));
    } finally {
      button.disabled = false;
    }
  });
  return button;
}
