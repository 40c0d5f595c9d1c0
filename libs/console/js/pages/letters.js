import { number, when } from "../format.js";
import { LETTER_STATES } from "../labels.js";
import { askDiscard } from "../operations/discard.js";
import { conditions, factList, forecastBadge, links, mono } from "../operations/words.js";
import { chips } from "../ui/chips.js";
import { fill, h } from "../ui/dom.js";
import { Listing, pickedBar } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { pageOf, workButton } from "../ui/page.js";
import { badge, orDash } from "../ui/table.js";

/** @typedef {import("../operations/client.js").Letter} Letter */

const EMPTY = /** @type {Record<string, string>} */ ({
  open: "열린 메시지가 없습니다.", replayed: "재처리된 메시지가 없습니다.", discarded: "폐기된 메시지가 없습니다.",
});
const FILTERS = ["fingerprint", "type", "tenant_id", "correlation_id", "since", "until"];

/** `#/operations/letters/<service>?fingerprint=…&state=…`: the dead letters of a service, of one cause or of a filter. */
export function lettersPage(/** @type {import("../router.js").Context} */ context) {
  return new LettersPage(context).view();
}

class LettersPage {
  constructor(/** @type {import("../router.js").Context} */ { app, params, query, signal }) {
    this.app = app;
    this.service = params.service;
    this.signal = signal;
    this.filter = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]).filter(([, value]) => value));
    const asked = query.get("state") ?? "";
    this.state = asked in LETTER_STATES ? asked : "open";
    this.result = h("div", { class: "stack" });
    this.cause = h("div", { class: "stack" });
    this.whole = h("div", { class: "actions whole-actions" });
    const { operates } = app.auth;
    this.listing = new Listing({
      caption: "실패한 메시지", unit: "건", signal, columns: COLUMNS, cells: (letter) => cells(this.service, letter),
      name: operates ? (letter) => `${letter.type} ${when(letter.last_seen)}` : undefined,
      read: (cursor, run) => app.operations.get(this.service, "dead_letters/", run, { ...this.filter, state: this.state, cursor }),
      empty: () => EMPTY[this.state],
    });
  }

  /** @returns {import("../router.js").View} */
  view() {
    const states = chips({
      label: "상태로 거르기", onPick: (value) => this.#pick(value), items: Object.entries(LETTER_STATES).map(([value, { label }]) => ({ value, label })),
    });
    states.select(this.state);
    const bar = pickedBar(this.listing,
      workButton("시험 실행", { kind: "button-main", trouble: this.result, run: () => this.#replay({ ids: this.#picked() }) }),
      h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#discard({ ids: this.#picked() }, this.#picked().length) }, "폐기"));
    this.card = h("section", { class: "card list-card", "aria-label": "메시지 목록" }, h("div", { class: "list-head" }, states.node), bar, this.listing.node);
    this.#pick(this.state);
    return pageOf({
      title: `${this.service}의 실패한 메시지`, lead: Object.keys(this.filter).length ? conditions(this.filter) : undefined,
      crumb: { href: this.app.router.last("/operations/letters"), label: "실패한 메시지" }, actions: [this.whole],
    }, this.result, this.cause, this.card);
  }

  #pick(/** @type {string} */ state) {
    this.state = state;
    this.app.router.keep({ ...this.filter, state: state === "open" ? "" : state });
    this.card?.classList.toggle("no-picking", state !== "open");
    this.listing.reload();
    this.#showCause();
  }

  /** What the letters died of, when they are of one cause; what can be done with all of them. */
  async #showCause() {
    const some = Object.keys(this.filter).length > 0; // neither a replay nor a discard of all and everything
    try {
      const { results } = await this.app.operations.get(this.service, "dead_letters/groups/", this.signal, this.filter);
      const [cause] = results;
      fill(this.cause, this.filter.fingerprint && cause && causeFacts(cause));
      const count = results.reduce((/** @type {number} */ total, /** @type {any} */ each) => total + each.count, 0);
      fill(this.whole, ...(some && count && this.app.auth.operates ? this.#wholeActions(count) : []));
    } catch {
      // the list below tells what is wrong
    }
  }

  #wholeActions(/** @type {number} */ count) {
    return [
      workButton(`${number(count)}건 시험 실행`, { kind: "button-main", trouble: this.result, run: () => this.#replay(this.filter) }),
      h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#discard(this.filter, count) }, "모두 폐기"),
    ];
  }

  #picked() {
    return this.listing.picked.map((letter) => letter.id);
  }

  async #replay(/** @type {Record<string, any>} */ filter) {
    const replay = await this.app.operations.createReplay(this.service, filter);
    if (!this.signal.aborted) this.app.router.go(links.replay(this.service, replay.id).slice(1));
  }

  async #discard(/** @type {Record<string, any>} */ filter, /** @type {number} */ count) {
    const answer = await askDiscard({ app: this.app, service: this.service, filter, count, signal: this.signal });
    if (!answer) return;
    fill(this.result, notice("good", `${number(answer.discarded)}건을 폐기했습니다.`, answer.discarded < count && h("p", {}, "나머지는 그사이 처리되었거나 폐기되었습니다.")));
    this.#pick("open");
  }
}

function causeFacts(/** @type {import("../operations/client.js").Cause} */ cause) {
  return h("section", { class: "card", "aria-labelledby": "cause-title" }, h("h2", { id: "cause-title", class: "card-title" }, "원인"), factList([
    ["이벤트", mono(cause.type)], ["이유", mono(cause.reason)], ["위치", cause.place && mono(cause.place)], ["핸들러", cause.handler && mono(cause.handler)],
    ["열린 메시지", `${number(cause.count)}건 (학원 ${number(cause.tenants)}곳)`], ["이 빌드에서", forecastBadge(cause.forecast)],
    ["처음", when(cause.first_seen)], ["마지막", when(cause.last_seen)],
  ]));
}

const COLUMNS = [
  { key: "name", label: "이벤트" }, { key: "day", label: "마지막" }, { key: "tenant", label: "학원" }, { key: "reason-code", label: "이유" },
  { key: "count", label: "시도" }, { key: "count", label: "실패함 도착" }, { key: "flow", label: "흐름" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {string} */ service, /** @type {Letter} */ letter) {
  return [
    [h("a", { class: "row-link", href: links.letter(service, letter.id) }, letter.type), letter.edited && badge("info", "수정됨")],
    [when(letter.last_seen)],
    [orDash(letter.tenant_id && mono(letter.tenant_id))],
    [mono(letter.reason)],
    [number(letter.attempts)],
    [number(letter.seen)],
    [orDash(letter.correlation_id && h("a", { href: links.flow(letter.correlation_id) }, "흐름 보기"))],
  ];
}
