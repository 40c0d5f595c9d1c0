import { number } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { RAMP, applicable } from "./replay-counts.js";

/** @typedef {{ replay: import("./client.js").Replay, run: () => Promise<unknown>, signal: AbortSignal }} Spec */

/** Really handle what the dry run said can be handled. */
export function askApply(/** @type {Spec} */ { replay, run, signal }) {
  return ask({
    title: `${number(applicable(replay))}건을 적용할까요?`, action: "적용", signal, run,
    body: [h("p", {}, "시험에서 해결되었거나 이미 처리된 메시지만 실제로 처리합니다."),
      h("p", { class: "hint" }, `한 번에 ${RAMP.join(", ")}건씩 늘려 갑니다. 메시지마다 효과는 한 번뿐이고, 언제든 일시 정지하거나 취소할 수 있습니다.`)],
  });
}

/** Leave the rest as it is. */
export function askCancel(/** @type {Spec} */ { run, signal }) {
  return ask({
    title: "재처리를 취소할까요?", action: "재처리 취소", bad: true, signal, run,
    body: [h("p", {}, "이미 적용한 것은 그대로이고, 나머지 메시지는 실패한 메시지에 열려 있습니다. 취소한 재처리는 다시 이어 갈 수 없습니다.")],
  });
}
