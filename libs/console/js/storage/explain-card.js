import { instant } from "../format.js";
import { AGE_SINCE, BUCKETS, HOLD_KINDS, VERDICTS } from "../labels.js";
import { factList, mono } from "../operations/words.js";
import { fill, h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";
import { select } from "../ui/select.js";
import { dataTable, wordBadge } from "../ui/table.js";
import { amount, bucketWord, causeCell, classCell, reasonWord } from "./words.js";

/** @typedef {import("./client.js").Explanation} Explanation */

/** What the policy says of one key, and why. `query` may hold it already. */
export class ExplainCard {
  /** @param {{ app: import("../main.js").App, query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.input = h("input", { class: "input mono-input", type: "text", maxlength: "1024", autocomplete: "off", spellcheck: "false", value: query.get("key") ?? "" });
    this.key = field({ label: "키", control: this.input, hint: "버킷 안의 경로입니다. 예: exports/학원/작업_명단.xlsx" });
    this.choice = select(BUCKETS, {}, "키의 모양으로 찾기");
    this.choice.value = (query.get("bucket") ?? "") in BUCKETS ? query.get("bucket") ?? "" : "";
    this.bucket = field({ label: "버킷", control: this.choice });
    this.button = h("button", { class: "button button-main", type: "submit" }, "판정 보기");
    this.box = h("div", { class: "stack" });
    const form = h("form", { class: "explain-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#ask(event) }, this.key.node, this.bucket.node, this.button);
    this.node = h("section", { class: "card stack", "aria-labelledby": "explain-title" },
      h("h2", { id: "explain-title", class: "card-title" }, "이 객체는 언제, 왜 지워지나"), form, this.box);
    if (this.input.value) this.#ask();
  }

  async #ask(/** @type {Event | undefined} */ event = undefined) {
    event?.preventDefault();
    const asked = { key: this.input.value.trim(), bucket: this.choice.value };
    this.bucket.setError("");
    this.key.setError(asked.key ? "" : "키를 적어 주세요.");
    if (this.key.hasError()) return this.key.focus();
    this.app.router.keep(asked);
    this.button.disabled = true;
    try {
      const said = await this.app.storage.get("explain/", this.signal, asked);
      if (this.signal.aborted) return;
      fill(this.box, shown(said));
      announce(`${VERDICTS[said.verdict]?.label ?? said.verdict}: ${said.detail}`);
    } catch (error) {
      if (this.signal.aborted) return;
      fill(this.box, !complain({ key: this.key, bucket: this.bucket }, error) && errorNotice(error));
    } finally {
      this.button.disabled = false;
    }
  }
}

function shown(/** @type {Explanation} */ said) {
  return h("div", { class: "stack" },
    h("p", { class: "facts" }, wordBadge(VERDICTS, said.verdict), h("strong", { class: "explain-detail" }, said.detail)),
    h("p", { class: "key mono" }, said.key),
    factList([
      ["버킷", bucketWord(said.bucket)], ["규칙", said.rule ? classCell(said.rule) : "맞는 규칙 없음"], ["기준", AGE_SINCE[said.reason] ? `${AGE_SINCE[said.reason]}부터 셈` : reasonWord(said.reason)],
      ["지울 때", said.due_at && instant(said.due_at)], ["주인의 답", released(said)], ["용량", said.object && amount(said.object.bytes)],
      ["쓴 때", said.object && instant(said.object.written_at)], ["ETag", said.object && mono(said.object.etag)],
      ["보존", said.holds.length ? h("a", { href: "#/storage/holds" }, said.holds.map(holdWord).join(", ")) : "걸린 보존 없음"],
    ]),
    said.ledger.length > 0 && ledgerPart(said.ledger));
}

/** @returns {string} */
function holdWord(/** @type {Explanation["holds"][number]} */ hold) {
  return `${HOLD_KINDS[hold.kind] ?? hold.kind} 보존 (${instant(hold.expires_at)}까지)`;
}

/** @returns {string} */
function released(/** @type {Explanation} */ { rule, released: answer }) {
  if (answer === null) return rule ? "묻지 않았거나 답이 없음" : "";
  return answer ? "놓아줌: 더는 필요하지 않습니다" : "필요하다고 하거나 모름";
}

function ledgerPart(/** @type {import("./client.js").Entry[]} */ entries) {
  const table = dataTable("이 키의 삭제 기록", [{ key: "name", label: "지운 때" }, { key: "count", label: "용량" }, { key: "what", label: "이유" }, { key: "what", label: "무엇이" }, { key: "who", label: "누가 허락" }], "listing");
  for (const entry of entries) table.add([[instant(entry.at)], [amount(entry.bytes)], [reasonWord(entry.reason)], [causeCell(entry.cause)], [mono(entry.approver)]]);
  return h("div", {}, h("h3", { class: "part-title" }, "이 키의 삭제 기록"), table.node);
}
