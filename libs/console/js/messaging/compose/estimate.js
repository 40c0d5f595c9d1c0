import { ApiError } from "../../api.js";
import { number, when } from "../../format.js";
import { fill, h } from "../../ui/dom.js";
import { announce } from "../../ui/live.js";
import { errorNotice, notice } from "../../ui/notice.js";
import { kindWord, won } from "../words.js";

/** @typedef {import("../client.js").Ask} Ask @typedef {import("../client.js").Estimate} Estimate */

const TYPING_MS = 700;
const NAMED = 5; // as many students as are named beside a reason
const SETTINGS_MISSING = ["no_sender", "no_channel", "ad_not_ready"];

/** What sending comes to, asked of the server whenever the draft is complete and has come to rest. */
export class EstimatePanel {
  #timer = 0;
  #run = new AbortController();

  /** @param {{ client: import("../client.js").MessagingClient, signal: AbortSignal, ask: () => Ask | null, nameOf: (id: string) => string }} spec */
  constructor({ client, signal, ask, nameOf }) {
    this.client = client;
    this.ask = ask;
    this.nameOf = nameOf;
    this.box = h("div", { class: "stack" });
    this.node = h("section", { class: "card side-card", "aria-labelledby": "estimate-title" }, h("h2", { id: "estimate-title", class: "card-title" }, "받는 사람과 금액"), this.box);
    signal.addEventListener("abort", () => this.#stop());
    this.touch();
  }

  /** Something has changed. */
  touch() {
    this.#stop();
    if (!this.ask()) return fill(this.box, h("p", { class: "hint" }, "받는 사람과 내용을 정하면 보낼 수와 금액이 여기에 보입니다."));
    this.node.setAttribute("aria-busy", "true");
    this.#timer = window.setTimeout(() => this.refresh().catch(() => {}), TYPING_MS);
  }

  /** Ask now. @returns {Promise<{ ask: Ask, estimate: Estimate } | null>} null: there is nothing to be sent, or it was told why not. Throws AbortError. */
  async refresh() {
    this.#stop();
    const ask = this.ask();
    if (!ask) return null;
    const { signal } = (this.#run = new AbortController());
    this.node.setAttribute("aria-busy", "true");
    try {
      const estimate = await this.client.estimate(ask, signal);
      signal.throwIfAborted();
      fill(this.box, ...estimateLines(estimate, this.nameOf));
      announce(`${number(estimate.counts.messages)}건, ${won(estimate.price_at_most)}`);
      return { ask, estimate };
    } catch (error) {
      signal.throwIfAborted();
      fill(this.box, this.#refusal(error));
      return null;
    } finally {
      if (!signal.aborted) this.node.removeAttribute("aria-busy");
    }
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#run.abort();
    this.node.removeAttribute("aria-busy");
  }

  #refusal(/** @type {unknown} */ error) {
    if (!(error instanceof ApiError)) return errorNotice(error, h("button", { class: "button", type: "button", onclick: () => this.touch() }, "다시 계산"));
    if (SETTINGS_MISSING.includes(error.code)) return errorNotice(error, h("a", { class: "button", href: "#/messages/settings" }, "설정 열기"));
    const unknown = /** @type {string[]} */ (error.code === "unknown_students" ? error.members.students ?? [] : []);
    const invalid = Object.values(error.errors).flat().join(" ");
    return errorNotice(error, unknown.length > 0 && h("p", {}, names(unknown, unknown.length, this.nameOf)), invalid && h("p", {}, invalid));
  }
}

/** Who, who not, and how much. @returns {import("../../ui/dom.js").Child[]} */
export function estimateLines(/** @type {Omit<Estimate, "confirm">} */ estimate, /** @type {(id: string) => string} */ nameOf) {
  const { counts } = estimate;
  return [
    estimate.paused && notice("warn", estimate.paused.reason, h("p", {}, "지금 보내면 다시 켤 때까지 기다립니다.")),
    h("p", { class: "estimate-count" }, h("strong", {}, `${number(counts.messages)}건`), h("span", { class: "hint" }, `고른 학생 ${number(counts.students)}명`)),
    h("ul", { class: "estimate-notes" },
      counts.shared > 0 && h("li", {}, `같은 번호를 쓰는 형제자매 ${number(counts.shared)}명은 한 번만 보냅니다.`),
      ...counts.skipped.map((each) => h("li", {}, h("strong", {}, `${number(each.count)}건 제외`), ` ${each.reason} `, h("span", { class: "hint" }, names(each.students, each.count, nameOf)))),
      ...counts.deferred.map((each) => h("li", {}, h("strong", {}, `${number(each.count)}건 미룸`), ` ${each.reason} (${when(each.until)})`))),
    h("dl", { class: "bill" }, ...estimate.kinds.flatMap(kindLine), ...total(estimate)),
    !estimate.sufficient && notice("bad", "충전 잔액이 부족합니다.", h("p", {}, "충전한 뒤 보낼 수 있습니다.")),
  ];
}

/** @returns {Node[]} */
function kindLine(/** @type {import("../client.js").KindOf} */ kind) {
  return line(`${kindWord(kind.kind)} ${number(kind.count)}건 × ${won(kind.price)}`, won(kind.amount),
    kind.fallback_price && `문자로 대신 가면 한 건에 ${won(kind.fallback_price)}`);
}

/** @returns {Node[]} */
function total(/** @type {Omit<Estimate, "confirm">} */ estimate) {
  const more = estimate.price_at_most !== estimate.price;
  return [
    ...line(more ? "합계 (모두 알림톡으로 가면)" : "합계", h("strong", {}, won(estimate.price))),
    ...(more ? line("합계 (모두 문자로 대신 가면)", h("strong", {}, won(estimate.price_at_most))) : []),
    ...line("지금 잔액", won(estimate.balance)), ...line("보낸 뒤 잔액", won(estimate.balance_after), more && "많이 들 때의 금액입니다. 남은 것은 돌려받습니다."),
  ];
}

/** @param {string} word @param {import("../../ui/dom.js").Child} value @param {import("../../ui/dom.js").Child} [note] @returns {Node[]} */
function line(word, value, note) {
  return [h("dt", {}, word, note && h("span", { class: "hint bill-note" }, note)), h("dd", {}, value)];
}

/** @returns {string} */
function names(/** @type {string[]} */ students, /** @type {number} */ count, /** @type {(id: string) => string} */ nameOf) {
  const known = students.slice(0, NAMED).map(nameOf).filter(Boolean);
  return known.length ? known.join(", ") + (count > known.length ? " 외" : "") : "";
}
