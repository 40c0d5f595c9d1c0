import { Incomplete } from "./dialog.js";
import { h } from "./dom.js";
import { field } from "./field.js";

/**
 * Why something is done, asked in a dialog.
 * @param {{ label?: string, hint?: string, max?: number, missing?: string }} spec `missing`: what is said without it, "" where it may be left out
 * @returns {{ node: HTMLElement, read: () => string }} `read` throws Incomplete
 */
export function reasonField({ label = "사유", hint, max = 500, missing = "사유를 적어 주세요." } = {}) {
  const text = h("textarea", { class: "input", rows: "3", maxlength: String(max), oninput: () => why.setError("") });
  const why = field({ label, control: text, hint, optional: !missing });
  const read = () => {
    const reason = text.value.trim();
    why.setError(reason ? "" : missing);
    if (why.hasError()) throw new Incomplete();
    return reason;
  };
  return { node: why.node, read };
}
