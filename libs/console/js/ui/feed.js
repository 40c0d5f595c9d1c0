import { fill, h } from "./dom.js";
import { announce } from "./live.js";
import { errorNotice } from "./notice.js";

/**
 * A list of boxes that is read page by page.
 * @param {{ read: (cursor: string | null) => Promise<import("../api.js").Page>, draw: (row: any) => HTMLElement,
 *           empty: string, signal: AbortSignal }} spec
 */
export function feed({ read, draw, empty, signal }) {
  /** @type {string | null} */
  let cursor = null;
  const list = h("ul", { class: "feed" });
  const blank = h("p", { class: "listing-empty", hidden: true }, empty);
  const trouble = h("div");
  const more = h("button", { class: "button", type: "button", hidden: true, onclick: () => load(false) }, "더 보기");
  const node = h("div", { class: "stack" }, list, blank, trouble, more);

  const load = async (/** @type {boolean} */ anew) => {
    more.disabled = true;
    list.setAttribute("aria-busy", "true");
    fill(trouble, !list.childElementCount && h("p", { class: "loading", role: "status" }, "불러오는 중입니다…"));
    try {
      const page = await read(anew ? null : cursor);
      if (signal.aborted) return;
      if (anew) fill(list);
      fill(trouble);
      list.append(...page.results.map((row) => h("li", {}, draw(row))));
      cursor = page.next;
      more.hidden = !cursor;
      tidy();
      if (anew && blank.hidden === false) announce(empty);
    } catch (error) {
      if (signal.aborted) return;
      fill(trouble, errorNotice(error, h("button", { class: "button", type: "button", onclick: () => load(anew) }, "다시 불러오기")));
    } finally {
      more.disabled = false;
      list.removeAttribute("aria-busy");
    }
  };
  /** What is left is empty, or not. */
  const tidy = () => {
    if (!list.childElementCount && cursor) load(false);
    else blank.hidden = list.childElementCount > 0;
  };
  return { node, reload: () => load(true), tidy };
}
