import { choices } from "../../ui/choices.js";
import { fill, h } from "../../ui/dom.js";
import { field } from "../../ui/field.js";
import { explain } from "../../ui/notice.js";
import { OWN_VARIABLES, variableButtons, variableWord } from "../variables.js";

/**
 * @typedef {import("../client.js").Template} Template
 * @typedef {{ message_mode: "sms" | "alimtalk" | "both", category: "info" | "ad", variables: Record<string, string>,
 *             template_id?: string, raw_body?: string, raw_subject?: string }} Content  as estimate/ and send/ take it
 */

const MODES = [
  { value: "sms", label: "문자", hint: "짧으면 단문, 길면 장문" }, { value: "alimtalk", label: "알림톡", hint: "승인된 템플릿만" },
  { value: "both", label: "둘 다", hint: "알림톡, 받지 못하면 문자" },
];
const CATEGORIES = [
  { value: "info", label: "정보", hint: "수업·출결·상담처럼 알아야 할 것" }, { value: "ad", label: "광고", hint: "모집·할인·설명회. 수신에 동의한 번호에만" },
];

/** How and what: text message or Alimtalk, information or advertising, a template or one's own words. Fires "change". */
export class ContentFields extends EventTarget {
  /** @type {Template[]} */ #templates = [];
  /** @type {Map<string, { input: HTMLInputElement, node: HTMLElement }>} */ #values = new Map();
  #wanted;

  /** @param {{ client: import("../client.js").MessagingClient, signal: AbortSignal, template: string }} spec `template`: the one to begin with, or "" */
  constructor({ client, signal, template }) {
    super();
    this.client = client;
    this.signal = signal;
    this.#wanted = template;
    this.mode = choices({ label: "보내는 방법", value: "sms", items: MODES, onPick: () => this.#arrange() });
    this.category = choices({ label: "성격", value: "info", items: CATEGORIES, onPick: () => this.#changed() });
    this.night = h("p", { class: "hint" }, "광고는 밤 9시부터 아침 8시까지 야간 수신에 동의한 번호에만 가고, 나머지는 아침 8시까지 기다립니다.");
    this.source = choices({
      label: "내용", value: template ? "template" : "own", onPick: () => this.#arrange(),
      items: [{ value: "own", label: "직접 쓰기" }, { value: "template", label: "템플릿" }],
    });
    this.subject = h("input", { class: "input", type: "text", maxlength: "40", autocomplete: "off", oninput: () => this.#changed() });
    this.body = h("textarea", { class: "input", rows: "7", maxlength: "2000", oninput: () => this.#changed() });
    this.bodyField = field({ label: "내용", control: this.body });
    this.template = h("select", { class: "input", onchange: () => this.#arrange() });
    this.templateField = field({ label: "쓸 템플릿", control: this.template });
    this.values = h("div", { class: "form-grid" });
    this.own = h("div", { class: "stack" }, this.bodyField.node, variableButtons(OWN_VARIABLES, this.body),
      field({ label: "제목", control: this.subject, optional: true, hint: "제목을 쓰면 장문으로 보냅니다." }).node);
    this.node = h("div", { class: "stack" }, this.mode.node, this.category.node, this.night, this.source.node, this.own, this.templateField.node, this.values);
    this.#offer();
    this.#arrange();
    this.#load();
  }

  /** @returns {Content | null} null: there is nothing yet to be sent */
  get value() {
    const how = /** @type {Content} */ ({ message_mode: this.mode.value, category: this.category.value, variables: this.#given() });
    if (this.#templated) return this.#chosen ? { ...how, template_id: this.#chosen.id } : null;
    if (!this.body.value.trim()) return null;
    return { ...how, raw_body: this.body.value, raw_subject: this.subject.value.trim() };
  }

  /** What the server is to render; null while there is nothing. @returns {import("../live-preview.js").Wanted | null} */
  get wanted() {
    const { value } = this;
    if (!value) return null;
    const [content, subject] = this.#chosen && this.#templated ? [this.#chosen.content, this.#chosen.subject] : [this.body.value, this.subject.value.trim()];
    const ad = value.category === "ad";
    return { body: { content, subject: subject ?? "", purpose: ad ? "AD" : "INFO", variables: value.variables }, how: { mode: value.message_mode, ad } };
  }

  /** Fields for the variables that the server found in the text, but for those that it fills itself. */
  askFor(/** @type {string[]} */ variables) {
    const names = variables.filter((name) => !OWN_VARIABLES.includes(name));
    if (names.length === this.#values.size && names.every((name) => this.#values.has(name))) return;
    const kept = this.#values;
    this.#values = new Map(names.map((name) => [name, kept.get(name) ?? this.#valueField(name)]));
    fill(this.values, ...[...this.#values.values()].map((each) => each.node));
  }

  /** Whether there is something to be sent; what is missing is told at its field. @returns {boolean} */
  check() {
    this.templateField.setError(this.#templated && !this.template.value ? "템플릿을 골라 주세요." : "");
    this.bodyField.setError(!this.#templated && !this.body.value.trim() ? "내용을 써 주세요." : "");
    const wrong = [this.templateField, this.bodyField].find((each) => each.hasError());
    wrong?.focus();
    return !wrong;
  }

  get #templated() {
    return this.source.value === "template";
  }

  get #chosen() {
    return this.#templates.find((each) => each.id === this.template.value);
  }

  #given() {
    return Object.fromEntries([...this.#values].map(([name, { input }]) => [name, input.value.trim()]).filter(([, value]) => value));
  }

  #valueField(/** @type {string} */ name) {
    const input = h("input", { class: "input", type: "text", maxlength: "500", autocomplete: "off", oninput: () => this.#changed() });
    return { input, node: field({ label: variableWord(name), control: input }).node };
  }

  async #load() {
    try {
      this.#templates = await this.client.templates(this.signal);
    } catch (error) {
      if (!this.signal.aborted) this.templateField.setError(explain(error));
      return;
    }
    this.#arrange();
  }

  /** What may go with what: an Alimtalk is an approved template and never advertising; a template that advertises stays so. */
  #arrange() {
    const kakao = this.mode.value !== "sms";
    this.source.allow((value) => !kakao || value === "template");
    if (kakao) this.source.pick("template");
    this.#offer();
    const advertises = this.#templated && this.#chosen?.purpose === "AD";
    const only = kakao ? "info" : advertises ? "ad" : "";
    this.category.allow((value) => !only || value === only);
    if (only) this.category.pick(only);
    this.own.hidden = this.#templated;
    this.templateField.node.hidden = !this.#templated;
    this.#changed();
  }

  #offer() {
    const kakao = this.mode.value !== "sms";
    const fit = this.#templates.filter((each) => !kakao || (each.review === "APPROVED" && each.purpose === "INFO"));
    const kept = this.template.value || this.#wanted;
    fill(this.template, h("option", { value: "" }, fit.length ? "골라 주세요" : kakao ? "승인된 템플릿이 없습니다" : "템플릿이 없습니다"),
      ...fit.map((each) => h("option", { value: each.id }, each.name)));
    this.template.value = fit.some((each) => each.id === kept) ? kept : "";
  }

  #changed() {
    this.templateField.setError("");
    this.bodyField.setError("");
    this.night.hidden = this.category.value !== "ad";
    if (!this.value) this.askFor([]);
    this.dispatchEvent(new Event("change"));
  }
}
