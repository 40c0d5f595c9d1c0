import { size, timeLeft } from "../../format.js";
import { UPLOAD_STATES } from "../../labels.js";
import { ask } from "../../ui/dialog.js";
import { fill, h } from "../../ui/dom.js";
import { errorNotice } from "../../ui/notice.js";
import { progressPanel } from "../../ui/progress.js";

/** @typedef {import("./sending.js").Sending} Sending */

/**
 * The uploads of this tab, each with its progress and what can be done about it; hidden while there are none.
 * @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec
 */
export function uploadsPanel({ app, signal }) {
  const list = h("ul", { class: "upload-list" });
  const node = h("section", { class: "card upload-card", "aria-labelledby": "uploads-title" },
    h("h2", { id: "uploads-title", class: "card-title" }, "올리는 중인 영상"), list,
    h("p", { class: "hint" }, "다른 화면을 보는 동안에도 계속 올라갑니다. 이 창은 닫지 마세요."));
  /** @type {Map<Sending, HTMLElement>} */
  const rows = new Map();
  const draw = () => {
    const { list: sendings } = app.uploads;
    for (const each of sendings) if (!rows.has(each)) rows.set(each, row(each, app, signal));
    fill(list, ...sendings.map((each) => rows.get(each)));
    node.hidden = sendings.length === 0;
  };
  app.uploads.addEventListener("list", draw, { signal });
  draw();
  return node;
}

/** @returns {HTMLElement} */
function row(/** @type {Sending} */ sending, /** @type {import("../../main.js").App} */ app, /** @type {AbortSignal} */ signal) {
  const panel = progressPanel();
  const trouble = h("div");
  const buttons = h("div", { class: "actions" });
  const draw = () => panel.set(reading(sending));
  const drawState = () => {
    fill(trouble, sending.state === "failed" && errorNotice(sending.error));
    const inside = buttons.contains(document.activeElement);
    fill(buttons, ...actions(sending, app, signal));
    if (inside) /** @type {HTMLElement | null} */ (buttons.querySelector("button, a"))?.focus();
  };
  sending.addEventListener("change", draw, { signal });
  sending.addEventListener("state", drawState, { signal });
  draw();
  drawState();
  return h("li", { class: "upload-row" }, h("p", { class: "upload-name" }, sending.title), panel.node, trouble, buttons);
}

function actions(/** @type {Sending} */ sending, /** @type {import("../../main.js").App} */ app, /** @type {AbortSignal} */ signal) {
  const button = (/** @type {string} */ word, /** @type {() => void} */ run) =>
    h("button", { class: "button button-small", type: "button", "aria-label": `${sending.title} ${word}`, onclick: run }, word);
  const remove = () => app.uploads.remove(sending);
  const { state } = sending;
  if (state === "done" || sending.turnedDown) return [h("a", { class: "button button-small", href: `#/videos/${sending.videoId}` }, "영상 보기"), button("목록에서 지우기", remove)];
  const cancel = button("취소", () => askCancel(sending.title, () => sending.cancel(), signal));
  if (state === "paused") return [button("계속", () => app.uploads.retry(sending)), cancel];
  if (state === "failed") return [button("다시 시도", () => app.uploads.retry(sending)), cancel, button("목록에서 지우기", remove)];
  if (state === "finishing") return [];
  return [button("일시 정지", () => sending.pause()), cancel];
}

/** @returns {Promise<boolean | undefined>} */
export function askCancel(/** @type {string} */ title, /** @type {() => Promise<void>} */ cancel, /** @type {AbortSignal} */ signal) {
  return ask({
    title: `‘${title}’ 올리기를 취소할까요?`, action: "올리기 취소", bad: true, signal,
    body: [h("p", {}, "지금까지 올라간 부분을 지웁니다. 다시 올리려면 처음부터 올려야 합니다.")],
    run: async () => (await cancel(), true),
  });
}

/** @returns {import("../../ui/progress.js").Reading} */
export function reading(/** @type {Pick<Sending, "state" | "sent" | "trouble" | "secondsLeft" | "meter" | "file">} */ sending) {
  const { state, sent, trouble, file, meter } = sending;
  const percent = file.size ? Math.min(100, (100 * sent) / file.size) : 0;
  const amount = `${size(sent)} / ${size(file.size)}`;
  if (trouble) return { percent, label: "연결을 기다리는 중", left: amount, right: "다시 연결되면 이어서 올립니다" };
  if (state === "starting" || state === "finishing") return { percent: null, label: UPLOAD_STATES[state] };
  const label = UPLOAD_STATES[state];
  if (state !== "sending") return { percent: state === "done" ? 100 : percent, label, left: state === "done" ? size(file.size) : amount };
  const speed = meter.speed ? `${size(Math.round(meter.speed))}/초` : "";
  return { percent, label, left: [amount, speed].filter(Boolean).join(" · "), right: timeLeft(sending.secondsLeft) };
}
