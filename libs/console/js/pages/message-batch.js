import { ApiError } from "../api.js";
import { number, when } from "../format.js";
import { MESSAGE_MODES, MESSAGE_STATES } from "../labels.js";
import { batchName, count, moving, unsent } from "../messaging/batch.js";
import { LogTable } from "../messaging/log-table.js";
import { messagesView } from "../messaging/tabs.js";
import { categoryBadge, won } from "../messaging/words.js";
import { chips } from "../ui/chips.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { figures } from "../ui/figures.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice, smallPrint } from "../ui/notice.js";
import { progressPanel } from "../ui/progress.js";
import { wordBadge } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { update } from "../ui/update.js";
import { watch } from "../ui/watch.js";

/** @typedef {import("../messaging/client.js").Batch} Batch @typedef {import("../messaging/client.js").Info} Info */

const FIRST_MS = 1000;
const SLOWEST_MS = 5000;
const ENDED = ["DELIVERED", "FAILED", "SKIPPED", "CANCELLED"];

/** `#/messages/batches/:id`: one bulk send as it moves, why what did not arrive did not, and its messages. */
export function messageBatchPage(/** @type {import("../router.js").Context} */ context) {
  return new BatchPage(context).view();
}

class BatchPage {
  #watching = new AbortController();
  /** @type {Batch | null} */ #batch = null;

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.trouble = h("div");
    this.facts = h("p", { class: "facts" });
    this.paused = h("div");
    this.panel = progressPanel();
    this.money = h("div");
    this.figures = h("div");
    this.reasons = h("div");
    this.cancel = h("button", { class: "button button-bad-quiet", type: "button", hidden: true, onclick: () => this.#cancel() }, "남은 발송 취소");
    this.card = h("section", { class: "card stack", "aria-labelledby": "batch-state", hidden: true },
      h("h2", { id: "batch-state", class: "visually-hidden" }, "진행"), this.panel.node, this.figures, this.reasons, this.money);
    this.state = "";
    this.log = new LogTable({ app, signal, query: () => ({ batch: this.id, state: this.state }), changed: () => this.#follow() });
    this.filter = chips({
      label: "상태로 거르기", items: [{ value: "", label: "모두" }, ...Object.entries(MESSAGE_STATES).map(([value, { label }]) => ({ value, label }))],
      onPick: (value) => {
        this.state = value;
        this.log.reload();
      },
    });
    this.list = h("section", { class: "card list-card", "aria-label": "메시지 목록", hidden: true }, this.filter.node, this.log.node);
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.filter.select("");
    this.#follow();
    return messagesView({
      title: "발송 묶음", crumb: { href: this.app.router.last("/messages/batches"), label: "예약·발송 묶음" }, actions: [this.cancel], at: "/messages/batches",
    }, this.trouble, this.facts, this.paused, this.card, this.list);
  }

  #follow() {
    this.#watching.abort();
    const { signal } = (this.#watching = new AbortController());
    watch({
      ask: () => Promise.all([this.app.messaging.batch(this.id, this.signal), this.app.messaging.info(this.signal)]),
      signal: AbortSignal.any([signal, this.signal]), first: FIRST_MS, slowest: SLOWEST_MS, inSight: true,
      over: ([batch]) => !moving(batch), onValue: ([batch, info]) => this.#show(batch, info),
      onTrouble: (error) => fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "발송은 서버에서 계속됩니다. 자동으로 다시 연결하고 있습니다."))),
      onRefused: (error) => this.#refused(error),
    });
  }

  #refused(/** @type {unknown} */ error) {
    const gone = error instanceof ApiError && error.status === 404;
    fill(this.trouble, gone ? notice("warn", "이 발송 묶음을 찾을 수 없습니다. 다른 학원의 것입니다.", smallPrint(error)) : errorNotice(error));
  }

  #show(/** @type {Batch} */ batch, /** @type {Info} */ info) {
    const before = this.#batch;
    this.#batch = batch;
    this.card.hidden = false;
    this.list.hidden = false;
    fill(this.facts, categoryBadge(batch.category), h("strong", {}, batchName(batch)), MESSAGE_MODES[batch.mode] ?? batch.mode,
      ` · ${batch.created_by} · ${when(batch.created_at)}`, batch.cancelled_at && ` · ${batch.cancelled_by} 취소 ${when(batch.cancelled_at)}`);
    const paused = unsent(batch) > 0 && (info.hold || !info.is_active);
    update(this.paused, paused ? pausedNotice(info) : null);
    this.#progress(batch, paused);
    update(this.figures, figures(Object.entries(MESSAGE_STATES).map(([code, { label, tone }]) => ({ label, tone, value: batch.states[code] ?? 0 })), "figures-messages"));
    update(this.reasons, batch.reasons.length ? reasons(batch) : null);
    update(this.money, h("p", { class: "hint" }, `쓴 금액 ${won(batch.settled)}`, Number(batch.reserved) > 0 && ` · 아직 잡아 둔 금액 ${won(batch.reserved)}`));
    this.cancel.hidden = unsent(batch) === 0;
    const over = before && moving(before) && !moving(batch);
    if (over) announce("발송이 모두 끝났습니다.");
    if (over || !before) this.log.reload();
  }

  #progress(/** @type {Batch} */ batch, /** @type {boolean} */ paused) {
    const done = count(batch, ENDED);
    const waiting = count(batch, ["QUEUED"]) === batch.total && batch.next_due_at && Date.parse(batch.next_due_at) > Date.now();
    const label = waiting ? `예약됨: ${when(batch.next_due_at)}` : paused ? "멈춤" : moving(batch) ? "보내는 중" : "끝남";
    const later = batch.next_due_at && !waiting && Date.parse(batch.next_due_at) > Date.now() ? `남은 것은 ${when(batch.next_due_at)}부터` : "";
    this.panel.set({ percent: batch.total ? (100 * done) / batch.total : 100, label, left: `${number(done)} / ${number(batch.total)}건`, right: later });
  }

  async #cancel() {
    const batch = this.#batch;
    if (!batch) return;
    const answer = await ask({
      title: "남은 발송을 취소할까요?", action: `${number(unsent(batch))}건 취소`, bad: true, signal: this.signal,
      body: [h("p", {}, "아직 시작하지 않은 메시지만 취소됩니다. 이미 나간 것은 되돌릴 수 없고, 잡아 둔 금액은 돌려받습니다.")],
      run: () => this.app.messaging.cancelBatch(this.id),
    });
    if (!answer) return;
    toast(`${number(answer.cancelled)}건을 취소했습니다.${answer.went ? ` ${number(answer.went)}건은 이미 나갔습니다.` : ""}`);
    this.#follow();
    this.log.reload();
  }
}

/** Why what waits does not leave. */
function pausedNotice(/** @type {Info} */ { hold }) {
  return notice("warn", hold ? "모든 발송을 멈춘 상태입니다." : "메시지 사용이 꺼져 있습니다.",
    h("p", {}, "다시 켤 때까지 기다립니다."), h("a", { class: "button", href: "#/messages/settings" }, "설정 열기"));
}

function reasons(/** @type {Batch} */ batch) {
  return h("ul", { class: "estimate-notes" }, ...batch.reasons.map((each) => h("li", {}, wordBadge(MESSAGE_STATES, each.state), h("strong", {}, ` ${number(each.count)}건 `), each.reason)));
}
