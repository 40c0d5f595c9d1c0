import { number, when } from "../format.js";
import { MESSAGE_REQUEST_STATES } from "../labels.js";
import { estimateLines } from "../messaging/compose/estimate.js";
import { messagesView } from "../messaging/tabs.js";
import { chips } from "../ui/chips.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { workButton } from "../ui/page.js";
import { wordBadge } from "../ui/table.js";

/** @typedef {import("../messaging/client.js").Request} Request */

const EMPTY = /** @type {Record<string, string>} */ ({
  waiting: "확인을 기다리는 알림이 없습니다.", queued: "보낸 알림이 없습니다.", refused: "보내지 못한 알림이 없습니다.", dismissed: "보내지 않기로 한 알림이 없습니다.",
});

/** `#/messages/requests?state=…`: what triggers asked for; a manual one leaves when a person has seen it. */
export function messageRequestsPage(/** @type {import("../router.js").Context} */ context) {
  return new RequestsPage(context).view();
}

class RequestsPage {
  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    const asked = query.get("state") ?? "";
    this.state = asked in MESSAGE_REQUEST_STATES ? asked : "waiting";
    this.result = h("div", { class: "stack" });
    this.filter = chips({ label: "상태로 거르기", items: Object.entries(MESSAGE_REQUEST_STATES).map(([value, { label }]) => ({ value, label })), onPick: (value) => this.#pick(value) });
    this.listing = new Listing({
      caption: "알림 요청 목록", unit: "건", signal, columns: COLUMNS, cells: (request) => this.#cells(request),
      read: (cursor, run) => app.messaging.page("requests/", { state: this.state, cursor }, run), empty: () => EMPTY[this.state],
    });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.filter.select(this.state);
    this.#pick(this.state);
    return messagesView({ title: "알림 요청", lead: "일이 생겨 나가려는 알림입니다. ‘확인하고 보냄’으로 정한 것은 여기서 확인해야 나갑니다.", at: "/messages/requests" },
      this.result, h("section", { class: "card list-card", "aria-label": "알림 요청 목록" }, this.filter.node, this.listing.node));
  }

  #pick(/** @type {string} */ state) {
    this.state = state;
    this.app.router.keep(state === "waiting" ? {} : { state });
    fill(this.result);
    this.listing.reload();
  }

  /** @returns {import("../ui/dom.js").Child[][]} */
  #cells(/** @type {Request} */ request) {
    const values = Object.values(request.variables).filter(Boolean).join(" · ");
    return [
      [h("span", { class: "two-lines" }, h("span", { class: "request-name" }, request.title), values && h("span", { class: "hint" }, values))],
      [`${request.target === "parent" ? "학부모" : "학생"} · ${number(request.students)}명`],
      [h("span", { class: "two-lines" }, h("span", {}, wordBadge(MESSAGE_REQUEST_STATES, request.state)), request.reason && h("span", { class: "hint" }, request.reason),
        request.state === "queued" && h("span", { class: "hint" }, `${number(request.queued)}건 보냄, ${number(request.skipped)}건 제외`))],
      [when(request.created_at)],
      request.state === "waiting" ? [h("div", { class: "row-actions" }, ...this.#buttons(request))] : [h("span", { class: "hint" }, [request.decided_by, when(request.decided_at)].filter(Boolean).join(" · "))],
    ];
  }

  #buttons(/** @type {Request} */ request) {
    const yes = workButton("확인하고 보내기", { kind: "button-small button-soft", trouble: this.result, run: () => this.#confirm(request) });
    const no = h("button", { class: "button button-small", type: "button", onclick: () => this.#dismiss(request) }, "보내지 않기");
    yes.setAttribute("aria-label", `${request.title} 확인하고 보내기`);
    no.setAttribute("aria-label", `${request.title} 보내지 않기`);
    return [yes, no];
  }

  async #confirm(/** @type {Request} */ request) {
    const estimate = await this.app.messaging.estimateRequest(request.id, this.signal);
    const count = `${number(estimate.counts.messages)}건`;
    const { sample } = estimate;
    const done = await ask({
      title: `‘${request.title}’ 알림 ${count}을 보낼까요?`, action: `${count} 보내기`, signal: this.signal,
      body: [sample && h("div", { class: "sample" }, h("div", { class: "bubble" }, sample.subject && h("p", { class: "bubble-subject" }, sample.subject), h("p", { class: "bubble-text" }, sample.text))),
        ...estimateLines(estimate, () => "")],
      run: () => this.app.messaging.confirmRequest(request.id),
    });
    if (done) this.#said(request, `${number(done.queued)}건을 보냅니다.`, h("a", { class: "button", href: `#/messages/batches/${request.id}` }, "발송 묶음 보기"));
  }

  async #dismiss(/** @type {Request} */ request) {
    const done = await ask({
      title: `‘${request.title}’ 알림을 보내지 않을까요?`, action: "보내지 않기", bad: true, signal: this.signal, body: [h("p", {}, `${number(request.students)}명에게 아무것도 나가지 않습니다.`)],
      run: () => this.app.messaging.dismissRequest(request.id),
    });
    if (done) this.#said(request, "보내지 않기로 했습니다.");
  }

  #said(/** @type {Request} */ request, /** @type {string} */ text, /** @type {import("../ui/dom.js").Child[]} */ ...more) {
    this.listing.drop([request.id]);
    fill(this.result, notice("good", `${request.title}: ${text}`, ...more));
  }
}

const COLUMNS = [{ key: "name", label: "알림" }, { key: "what", label: "받는 사람" }, { key: "state", label: "상태" }, { key: "day", label: "요청" }, { key: "act", label: "처리" }];
