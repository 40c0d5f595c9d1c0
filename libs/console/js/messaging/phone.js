import { number } from "../format.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { errorNotice } from "../ui/notice.js";
import { badge } from "../ui/table.js";
import { variableWord } from "./variables.js";
import { kindWord } from "./words.js";

/**
 * @typedef {import("./client.js").Preview} Preview
 * @typedef {import("./client.js").Unsendable} Unsendable
 * @typedef {{ mode?: "sms" | "alimtalk" | "both", ad?: boolean, lenient?: string[], missingIsFine?: boolean }} How
 *          `ad`: the law has added the first and the last line; `lenient`: variables that need no value yet; `missingIsFine`: none does
 */

const SMS_BYTES = 90;
const ALIMTALK_CHARACTERS = 1000;
const NAMED = 5; // as many unsendable characters as are named one by one

/** What arrives, as the server rendered it: the text on a phone, its length as carriers count it, what cannot be sent. */
export class Phone {
  constructor() {
    this.from = h("p", { class: "phone-from", "aria-label": "발신번호" }, "학원");
    this.screen = h("div", { class: "phone-screen" });
    this.meter = h("div", { class: "phone-meter" });
    this.node = h("section", { class: "phone-card", "aria-label": "받는 화면 미리보기" }, h("div", { class: "phone" }, this.from, this.screen), this.meter);
    this.clear();
  }

  /** Nothing is written yet. */
  clear(hint = "내용을 쓰면 받는 화면이 여기에 보입니다.") {
    fill(this.screen, h("p", { class: "phone-blank" }, hint));
    fill(this.meter);
    this.node.removeAttribute("aria-busy");
  }

  /** Put the academy's number on top, once it is known. @param {{ client: import("./client.js").MessagingClient, signal: AbortSignal }} spec */
  async name({ client, signal }) {
    try {
      const { sender } = await client.info(signal);
      this.from.textContent = sender ?? "발신번호 없음";
    } catch {
      // the message is what matters here
    }
  }

  wait() {
    this.node.setAttribute("aria-busy", "true");
  }

  fail(/** @type {unknown} */ error) {
    this.clear("미리보기를 보여 줄 수 없습니다.");
    fill(this.meter, errorNotice(error));
  }

  show(/** @type {Preview} */ preview, /** @type {How} */ { mode = "sms", ad = false, lenient = [], missingIsFine = false } = {}) {
    this.node.removeAttribute("aria-busy");
    const kakao = mode !== "sms";
    const of = (/** @type {string} */ field) => preview.unsendable.filter((each) => each.field === field);
    fill(this.screen, h("div", { class: kakao ? "bubble bubble-kakao" : "bubble" }, kakao && h("p", { class: "bubble-kind" }, "알림톡"),
      preview.subject && h("p", { class: "bubble-subject" }, ...marked(preview.subject, of("subject"))),
      h("p", { class: "bubble-text" }, ...(ad ? advertisement(preview.text, of("body")) : marked(preview.text, of("body"))))));
    const missing = preview.missing_variables.filter((name) => !lenient.includes(name));
    fill(this.meter, ...meters(preview, mode), ad && h("p", { class: "hint" }, h("span", { class: "law" }, "표시한 줄"), "은 광고에 법으로 정해진 것이라 자동으로 들어갑니다."),
      !missingIsFine && missing.length > 0 && trouble(`값이 없는 변수: ${missing.map(variableWord).join(", ")}`),
      mode !== "alimtalk" && preview.unsendable.length > 0 && trouble("휴대전화에 보이지 않는 글자가 있어 보낼 수 없습니다.", unsendableList(preview.unsendable)));
  }
}

/** The text with its unsendable characters marked; positions count characters, not UTF-16 units. `start`: of the text's first character. @returns {import("../ui/dom.js").Child[]} */
function marked(/** @type {string} */ text, /** @type {Unsendable[]} */ unsendable, start = 0) {
  const bad = new Set(unsendable.map((each) => each.position - start));
  const parts = /** @type {import("../ui/dom.js").Child[]} */ ([]);
  let plain = "";
  for (const [position, character] of [...text].entries()) {
    if (bad.has(position)) {
      parts.push(plain, h("mark", { class: "unsendable" }, character));
      plain = "";
    } else plain += character;
  }
  return [...parts, plain];
}

/** The lines that the law wants stand out from those that were written. @returns {import("../ui/dom.js").Child[]} */
function advertisement(/** @type {string} */ text, /** @type {Unsendable[]} */ unsendable) {
  const [first, last] = [text.indexOf("\n") + 1, text.lastIndexOf("\n")];
  const part = (/** @type {number} */ from, /** @type {number | undefined} */ to = undefined) => marked(text.slice(from, to), unsendable, [...text.slice(0, from)].length);
  return [h("span", { class: "law" }, ...part(0, first)), ...part(first, last), h("span", { class: "law" }, ...part(last))];
}

/** @returns {HTMLElement[]} */
function meters(/** @type {Preview} */ preview, /** @type {string} */ mode) {
  const line = (/** @type {Node} */ kind, /** @type {string} */ length, /** @type {string} */ rest = "") =>
    h("p", { class: "meter" }, kind, h("span", { class: "meter-length" }, length), rest && h("span", { class: "hint" }, rest));
  const long = preview.characters > ALIMTALK_CHARACTERS;
  const kakao = line(badge(long ? "bad" : "info", long ? "너무 김" : kindWord("ATA")), `${number(preview.characters)} / ${number(ALIMTALK_CHARACTERS)}자`);
  const limit = preview.kind === "SMS" ? SMS_BYTES : preview.limit;
  const text = line(preview.kind ? badge("info", kindWord(preview.kind)) : badge("bad", "너무 김"), `${number(preview.bytes)} / ${number(limit)}바이트`,
    mode === "both" ? "카카오톡으로 받지 못할 때" : "");
  return mode === "sms" ? [text] : mode === "alimtalk" ? [kakao] : [kakao, text];
}

/** @param {string} text @param {import("../ui/dom.js").Child} [more] */
function trouble(text, more) {
  return h("div", { class: "field-error" }, icon("alert"), h("div", {}, h("p", {}, text), more));
}

function unsendableList(/** @type {Unsendable[]} */ unsendable) {
  const line = (/** @type {Unsendable} */ each) => h("li", {}, `${each.field === "subject" ? "제목 " : ""}${number(each.position + 1)}번째 글자 `, h("mark", { class: "unsendable" }, each.character));
  const rest = unsendable.length - NAMED;
  return h("ul", {}, ...unsendable.slice(0, NAMED).map(line), rest > 0 && h("li", {}, `외 ${number(rest)}개`));
}
