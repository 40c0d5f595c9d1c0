import { when } from "../../format.js";
import { ask } from "../../ui/dialog.js";
import { fill, h } from "../../ui/dom.js";
import { icon } from "../../ui/icon.js";
import { load } from "../../ui/page.js";
import { reasonField } from "../../ui/reason.js";
import { toast } from "../../ui/toast.js";

/** @typedef {import("../client.js").Hold} Hold */

/** The switch that keeps everything back at once. @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec */
export function holdCard({ app, signal }) {
  const box = h("div");
  const node = h("section", { class: "card hold-card", "aria-labelledby": "hold-title" }, h("h2", { id: "hold-title", class: "card-title" }, "발송 일시 중지"), box);
  const show = (/** @type {Hold} */ hold) => {
    node.classList.toggle("hold-on", hold.hold);
    const last = [hold.held_by, when(hold.held_at)].filter(Boolean).join(" · ");
    fill(box, h("p", { class: "hold-state" }, hold.hold && icon("alert"), h("strong", {}, hold.hold ? "모든 발송을 멈춘 상태입니다." : "발송하고 있습니다.")),
      hold.hold && hold.reason && h("p", {}, `사유: ${hold.reason}`), last && h("p", { class: "hint" }, `마지막으로 바꾼 사람: ${last}`),
      h("p", { class: "hint" }, "멈추면 예약한 것과 자동 발송까지 모두 기다립니다. 다시 시작하면 시한이 남은 것부터 나갑니다."),
      app.auth.manages && h("div", { class: "actions" }, h("button", { class: `button ${hold.hold ? "button-main" : "button-bad"}`, type: "button", onclick: () => change(!hold.hold) }, hold.hold ? "발송 다시 시작" : "모든 발송 멈추기")));
  };
  const change = async (/** @type {boolean} */ on) => {
    const reason = reasonField(on ? {} : { missing: "" });
    const done = await ask({
      title: on ? "모든 발송을 멈출까요?" : "발송을 다시 시작할까요?", action: on ? "모두 멈추기" : "다시 시작", bad: on, signal,
      body: [h("p", {}, on ? "누르는 순간부터 새로 나가는 메시지가 없습니다. 이미 발송사로 넘어간 것은 되돌릴 수 없습니다." : "기다리던 메시지가 바로 나가기 시작합니다."), reason.node],
      run: async () => app.messaging.setHold(on, reason.read() || null),
    });
    if (!done) return;
    show(done);
    toast(done.hold ? "모든 발송을 멈췄습니다." : "발송을 다시 시작했습니다.");
  };
  load({ box, signal, read: () => app.messaging.hold(signal), show });
  return node;
}
