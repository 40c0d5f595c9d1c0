import { number } from "../../format.js";
import { fill, h } from "../../ui/dom.js";
import { complain, field } from "../../ui/field.js";
import { announce } from "../../ui/live.js";
import { errorNotice, notice } from "../../ui/notice.js";
import { load, workButton } from "../../ui/page.js";
import { toast } from "../../ui/toast.js";
import { won } from "../words.js";

/** @typedef {import("../client.js").Info} Info */

const TEXTS = /** @type {const} */ ([
  { name: "display_name", label: "보내는 곳 이름", hint: "광고의 첫 줄과 #{academy} 자리에 들어갑니다.", max: 20 },
  { name: "sender", label: "발신번호", hint: "발송사에 등록된 번호만 쓸 수 있습니다.", max: 20 },
  { name: "kakao_pfid", label: "카카오톡 채널 (PFID)", hint: "알림톡을 보낼 채널입니다.", max: 64 },
  { name: "opt_out_number", label: "무료수신거부 번호", hint: "080으로 시작합니다. 광고의 끝에 들어갑니다.", max: 20 },
]);
const COUNTS = /** @type {const} */ ([
  { name: "daily_cap", label: "하루 한도", hint: "넘는 것은 다음 날 0시 5분에 나갑니다." }, { name: "hourly_cap", label: "한 시간 한도", hint: "넘는 것은 다음 시간에 나갑니다." },
  { name: "low_balance", label: "잔액 알림 금액 (원)", hint: "잔액이 이보다 적으면 알립니다." },
]);

/** Sender, channel, caps and prices. Managers change them, others see them. @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec */
export function infoCard({ app, signal }) {
  const box = h("div");
  load({ box, signal, read: () => app.messaging.info(signal), show: (info) => fill(box, app.auth.manages ? new InfoForm({ app, signal, info }).node : facts(info)) });
  return h("section", { class: "card", "aria-labelledby": "info-title" }, h("h2", { id: "info-title", class: "card-title" }, "발신번호와 한도"), box, channelLine({ app, signal }));
}

class InfoForm {
  /** @param {{ app: import("../../main.js").App, signal: AbortSignal, info: Info }} spec */
  constructor({ app, signal, info }) {
    this.app = app;
    this.signal = signal;
    this.info = info;
    this.trouble = h("div");
    this.active = h("input", { type: "checkbox", class: "check", checked: info.is_active });
    this.inputs = /** @type {Record<string, HTMLInputElement>} */ ({});
    this.fields = /** @type {Record<string, import("../../ui/field.js").Field>} */ ({});
    for (const { name, label, hint, max } of TEXTS) this.#part(name, label, hint, h("input", { class: "input", type: "text", maxlength: String(max), autocomplete: "off", value: info[name] ?? "" }));
    for (const { name, label, hint } of COUNTS) this.#part(name, label, hint, h("input", { class: "input", type: "number", min: "0", step: "1", inputmode: "numeric", value: String(Math.trunc(Number(info[name]))) }));
    const verify = workButton("번호 확인", { kind: "button-small", trouble: this.trouble, run: () => this.#verify() });
    this.fields.sender.node.append(h("div", { class: "actions" }, verify));
    this.save = h("button", { class: "button button-main", type: "submit" }, "저장");
    this.node = h("form", { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h("label", { class: "check-line" }, this.active, h("span", {}, "메시지 사용"), h("span", { class: "hint" }, "끄면 모두 기다립니다.")),
      h("div", { class: "form-grid" }, ...Object.values(this.fields).map((each) => each.node)), prices(info), this.trouble, h("div", { class: "actions" }, this.save));
  }

  #part(/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ hint, /** @type {HTMLInputElement} */ input) {
    this.inputs[name] = input;
    this.fields[name] = field({ label, control: input, hint });
    input.addEventListener("input", () => this.fields[name].setError(""));
  }

  /** What differs from what was read. @returns {Record<string, any>} */
  #changes() {
    const wanted = /** @type {Record<string, any>} */ ({ is_active: this.active.checked });
    for (const { name } of TEXTS) wanted[name] = this.inputs[name].value.trim() || null;
    for (const { name } of COUNTS) wanted[name] = Number(this.inputs[name].value);
    const now = /** @type {Record<string, any>} */ ({ ...this.info, low_balance: Number(this.info.low_balance) });
    return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== now[name]));
  }

  async #verify() {
    const input = this.inputs.sender;
    if (!input.value.trim()) return this.fields.sender.setError("번호를 적어 주세요.");
    const { phone } = await this.app.messaging.verifySender(input.value.trim());
    input.value = phone;
    fill(this.trouble, notice("good", `${phone}: 발송사에 등록된 번호입니다.`, h("p", {}, "저장하면 이 번호로 보냅니다.")));
  }

  async #submit(/** @type {Event} */ event) {
    event.preventDefault();
    fill(this.trouble);
    for (const each of Object.values(this.fields)) each.setError("");
    for (const { name } of COUNTS) if (!/^\d+$/.test(this.inputs[name].value)) this.fields[name].setError("0 이상의 숫자를 적어 주세요.");
    const wrong = Object.values(this.fields).find((each) => each.hasError());
    if (wrong) return wrong.focus();
    const changes = this.#changes();
    if (Object.keys(changes).length === 0) return announce("바뀐 내용이 없습니다.");
    this.save.disabled = true;
    try {
      this.info = await this.app.messaging.changeInfo(changes);
      for (const { name } of TEXTS) this.inputs[name].value = this.info[name] ?? "";
      toast("메시지 설정을 저장했습니다.");
    } catch (error) {
      if (!this.signal.aborted && !complain(this.fields, error, { sender_not_verified: "sender" })) fill(this.trouble, errorNotice(error));
    } finally {
      this.save.disabled = false;
    }
  }
}

function prices(/** @type {Info} */ info) {
  const line = (/** @type {string} */ word, /** @type {string} */ amount) => [h("dt", {}, word), h("dd", {}, won(amount))];
  return h("div", { class: "panel" }, h("dl", { class: "bill" }, ...line("단문 한 건", info.sms_price), ...line("장문 한 건", info.lms_price), ...line("알림톡 한 건", info.alimtalk_price)),
    h("p", { class: "hint" }, "가격은 운영사가 정합니다."));
}

function facts(/** @type {Info} */ info) {
  const fact = (/** @type {string} */ word, /** @type {string} */ value) => h("div", { class: "fact" }, h("dt", {}, word), h("dd", {}, value || "–"));
  return h("div", { class: "stack" }, h("dl", { class: "fact-list" }, ...TEXTS.map(({ name, label }) => fact(label, info[name] ?? "")), ...COUNTS.map(({ name, label }) => fact(label, number(Number(info[name])))),
    fact("메시지 사용", info.is_active ? "켜짐" : "꺼짐")), prices(info));
}

/** Whether Alimtalk may leave, and what is missing. @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec */
function channelLine({ app, signal }) {
  const box = h("div", { class: "channel" });
  app.messaging.channel(signal).then((found) => fill(box, notice(found.ready ? "good" : "info", found.message)), () => {}); // the form above says what is wrong
  return box;
}
