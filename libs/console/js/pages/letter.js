import { instant, number, size } from "../format.js";
import { LETTER_STATES } from "../labels.js";
import { askDiscard } from "../operations/discard.js";
import { askEdit } from "../operations/edit.js";
import { factList, links, mono } from "../operations/words.js";
import { fill, h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { load, pageOf, workButton } from "../ui/page.js";
import { badge, wordBadge } from "../ui/table.js";

/** @typedef {import("../operations/client.js").LetterDetail} Letter */

/** `#/operations/letters/<service>/<id>`: one dead letter, masked. */
export function letterPage(/** @type {import("../router.js").Context} */ context) {
  return new LetterPage(context).view();
}

class LetterPage {
  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.service = params.service;
    this.path = `dead_letters/${encodeURIComponent(params.id)}/`;
    this.signal = signal;
    this.result = h("div", { class: "stack" });
    this.box = h("div", { class: "stack" });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#load();
    const list = `/operations/letters/${this.service}`;
    return pageOf({ title: "실패한 메시지 한 건", crumb: { href: this.app.router.last(list), label: `${this.service}의 실패한 메시지` } }, this.result, this.box);
  }

  #load() {
    return load({
      box: this.box, signal: this.signal, gone: "이 메시지를 찾을 수 없습니다. 처리되거나 폐기된 메시지는 30일 뒤에 지워집니다.",
      read: () => this.app.operations.get(this.service, this.path, this.signal), show: (letter) => this.#show(letter),
    });
  }

  #show(/** @type {Letter} */ letter) {
    const work = letter.state === "open" && this.app.auth.operates;
    fill(this.box, h("section", { class: "card", "aria-labelledby": "letter-title" },
      h("h2", { id: "letter-title", class: "card-title" }, letter.type, " ", wordBadge(LETTER_STATES, letter.state), " ", letter.edited && badge("info", "수정됨")),
      this.#facts(letter), work && this.#actions(letter)), payloadCard(letter));
  }

  #facts(/** @type {Letter} */ letter) {
    return factList([
      ["번호", mono(letter.id)], ["이벤트 번호", letter.event_id && mono(letter.event_id)], ["학원", letter.tenant_id && mono(letter.tenant_id)],
      ["흐름", letter.correlation_id && h("a", { class: "mono", href: links.flow(letter.correlation_id) }, letter.correlation_id)],
      ["이유", mono(letter.reason)], ["위치", letter.place && mono(letter.place)], ["핸들러", letter.handler && mono(letter.handler)],
      ["지문", h("a", { class: "mono", href: links.letters(this.service, { fingerprint: letter.fingerprint }) }, letter.fingerprint)],
      ["큐", mono(letter.source_queue)], ["배달 시도", `${number(letter.attempts)}번`], ["실패함 도착", `${number(letter.seen)}번`],
      ["발행", instant(letter.published_at)], ["처음 실패", instant(letter.first_seen)], ["마지막 실패", instant(letter.last_seen)],
    ]);
  }

  #actions(/** @type {Letter} */ letter) {
    return h("div", { class: "actions letter-actions" },
      workButton("시험 실행", { kind: "button-main", trouble: this.result, run: () => this.#replay(letter) }),
      letter.payload?.data && h("button", { class: "button", type: "button", onclick: () => this.#edit(letter) }, "값 고치기"),
      h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#discard(letter) }, "폐기"));
  }

  async #replay(/** @type {Letter} */ letter) {
    const replay = await this.app.operations.createReplay(this.service, { ids: [letter.id] });
    if (!this.signal.aborted) this.app.router.go(links.replay(this.service, replay.id).slice(1));
  }

  async #edit(/** @type {Letter} */ letter) {
    const changed = await askEdit({
      letter, signal: this.signal, send: (data) => this.app.operations.patch(this.service, this.path, { data }),
    });
    if (changed) this.#told(changed, "고쳤습니다. 원본은 함께 보관됩니다.", "시험 실행으로 이제 처리되는지 볼 수 있습니다.");
  }

  async #discard(/** @type {Letter} */ letter) {
    const answer = await askDiscard({ app: this.app, service: this.service, filter: { ids: [letter.id] }, count: 1, signal: this.signal });
    if (!answer) return;
    await this.#load();
    fill(this.result, answer.discarded ? notice("good", "폐기했습니다.") : notice("warn", "그사이 처리되었거나 폐기된 메시지입니다."));
  }

  #told(/** @type {Letter} */ letter, /** @type {string} */ title, /** @type {string} */ more) {
    this.#show(letter);
    fill(this.result, notice("good", title, h("p", {}, more)));
  }
}

function payloadCard(/** @type {Letter} */ letter) {
  const head = h("h2", { id: "payload-title", class: "card-title" }, "내용");
  const facts = h("p", { class: "hint" }, `${size(letter.bytes)}. 사람에 관한 것일 수 있는 글자는 ***로 가렸습니다. 긴 목록은 20개까지 보입니다.`);
  const body = letter.payload
    ? h("pre", { class: "code", tabindex: "0", role: "region", "aria-labelledby": "payload-title" }, pretty(letter.payload))
    : notice("warn", "이벤트 형식이 아니어서 내용을 보일 수 없습니다.");
  return h("section", { class: "card", "aria-labelledby": "payload-title" }, head, facts, body);
}

/** JSON to be read: lists of plain values in a line. @returns {string} */
function pretty(/** @type {unknown} */ payload) {
  return JSON.stringify(payload, null, 2).replace(/\[\n\s+([^[\]{}]*)\n\s+\]/g, (_, inner) => `[${inner.replace(/\n\s+/g, " ")}]`);
}
