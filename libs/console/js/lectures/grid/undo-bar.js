import { ApiError } from "../../api.js";
import { span } from "../../format.js";
import { fill, h } from "../../ui/dom.js";
import { errorNotice, notice, smallPrint } from "../../ui/notice.js";

const GOOD_FOR_S = 600;
const EVERY_MS = 1000;

/**
 * What was changed at once, with a way back while there is one.
 * @param {{ text: string, undo: () => Promise<unknown>, refused: () => void, signal: AbortSignal }} spec `refused`: somebody was faster, what is shown is old
 */
export function undoBar({ text, undo, refused, signal }) {
  const until = Date.now() + GOOD_FOR_S * 1000;
  const left = h("span", { class: "undo-left", "aria-hidden": "true" });
  const button = h("button", { class: "button button-small", type: "button", onclick: () => run() }, "되돌리기", left);
  const node = h("div", { class: "undo-bar" }, notice("good", text, h("div", { class: "actions" }, button)));
  const tick = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    left.textContent = ` ${span(Math.max(0, seconds))}`;
    if (seconds > 0) return;
    stop();
    fill(node, notice("info", text, h("p", { class: "hint" }, "10분이 지나 되돌릴 수 없습니다.")));
  };
  const timer = window.setInterval(tick, EVERY_MS);
  const stop = () => clearInterval(timer);
  signal.addEventListener("abort", stop);
  tick();

  const run = async () => {
    button.disabled = true;
    try {
      await undo();
      stop();
      fill(node, notice("info", "되돌렸습니다.", h("p", { class: "hint" }, text)));
    } catch (error) {
      if (signal.aborted) return;
      const over = error instanceof ApiError && ["attendance_changed", "undo_token_expired", "undo_token_invalid"].includes(error.code);
      if (!over) {
        button.disabled = false;
        node.querySelector(".notice-bad")?.remove();
        node.append(errorNotice(error));
        return;
      }
      stop();
      fill(node, notice("warn", error.message, h("p", {}, "지금 상태를 다시 불러왔습니다."), smallPrint(error)));
      refused();
    }
  };
  return node;
}
