import { number } from "../format.js";
import { CONSENT_ACTIONS, CONSENT_KINDS, CONSENT_WAYS } from "../labels.js";
import { seoulLocal, seoulTime } from "../seoul.js";
import { choices } from "../ui/choices.js";
import { fill, h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { announce } from "../ui/live.js";
import { errorNotice, notice } from "../ui/notice.js";
import { select } from "../ui/select.js";
import { Audience } from "./compose/audience.js";

/** Record what people said of advertising: of students' numbers, or of one number. Fires "recorded". */
export class ConsentForm extends EventTarget {
  /** @param {{ app: import("../main.js").App, signal: AbortSignal }} spec */
  constructor({ app, signal }) {
    super();
    this.app = app;
    this.signal = signal;
    this.whom = choices({
      label: "누구", value: "students", onPick: () => this.#arrange(),
      items: [{ value: "students", label: "학생의 번호" }, { value: "phone", label: "번호 하나" }],
    });
    this.audience = new Audience({ app, signal });
    this.to = choices({ label: "누구의 번호", value: "parent", onPick: () => {}, items: [{ value: "parent", label: "학부모" }, { value: "student", label: "학생" }] });
    this.phone = h("input", { class: "input", type: "tel", autocomplete: "off", inputmode: "tel", placeholder: "010-0000-0000", oninput: () => this.phoneField.setError("") });
    this.phoneField = field({ label: "전화번호", control: this.phone });
    this.kind = select(CONSENT_KINDS);
    this.action = select(CONSENT_ACTIONS);
    this.via = select(CONSENT_WAYS);
    this.at = h("input", { class: "input", type: "datetime-local", max: seoulLocal(new Date()), value: seoulLocal(new Date()) });
    this.evidence = h("input", { class: "input", type: "text", maxlength: "500", autocomplete: "off" });
    this.fields = /** @type {Record<string, import("../ui/field.js").Field>} */ ({
      kind: field({ label: "무엇", control: this.kind, hint: "야간은 밤 9시부터 아침 8시까지입니다." }), action: field({ label: "어떻게", control: this.action }),
      via: field({ label: "알게 된 길", control: this.via }), at: field({ label: "말한 때", control: this.at, hint: "한국 시각입니다." }),
      evidence: field({ label: "증빙", control: this.evidence, optional: true, hint: "동의서 보관 위치처럼 나중에 찾을 수 있게 적습니다." }), phone: this.phoneField,
    });
    this.result = h("div");
    this.submit = h("button", { class: "button button-main", type: "submit" }, "기록");
    this.students = h("div", { class: "stack" }, this.audience.node, this.to.node);
    const { kind, action, via, at, evidence } = this.fields;
    this.node = h("form", { class: "card stack", novalidate: true, "aria-label": "동의와 철회 기록", onsubmit: (/** @type {Event} */ event) => this.#save(event) },
      h("h2", { class: "card-title" }, "동의·철회 기록"), this.whom.node, this.students, this.phoneField.node,
      h("div", { class: "form-grid" }, kind.node, action.node, via.node, at.node), evidence.node, this.result, h("div", { class: "actions" }, this.submit));
    this.#arrange();
  }

  /** Begin with what is to be done about one consent, whose number is to be typed. */
  about(/** @type {{ kind: string }} */ consent, /** @type {string} */ action) {
    this.whom.pick("phone");
    this.#arrange();
    this.kind.value = consent.kind;
    this.action.value = action;
    this.phone.focus();
  }

  get #single() {
    return this.whom.value === "phone";
  }

  #arrange() {
    this.students.hidden = this.#single;
    this.phoneField.node.hidden = !this.#single;
    fill(this.result);
  }

  /** @returns {boolean} */
  #check() {
    for (const each of Object.values(this.fields)) each.setError("");
    if (!this.#single && !this.audience.value.length) this.audience.setError("학생을 골라 주세요.");
    if (this.#single && !this.phone.value.trim()) this.phoneField.setError("번호를 적어 주세요.");
    if (!seoulTime(this.at.value)) this.fields.at.setError("때를 적어 주세요.");
    Object.values(this.fields).find((each) => each.hasError())?.focus();
    return !Object.values(this.fields).some((each) => each.hasError()) && (this.#single || this.audience.value.length > 0);
  }

  async #save(/** @type {Event} */ event) {
    event.preventDefault();
    fill(this.result);
    if (!this.#check()) return;
    const said = { kind: this.kind.value, action: this.action.value, via: this.via.value, at: seoulTime(this.at.value), evidence: this.evidence.value.trim() || null };
    this.submit.disabled = true;
    try {
      const { messaging } = this.app;
      const done = this.#single ? await messaging.recordConsent({ ...said, phone: this.phone.value.trim() })
        : await messaging.recordConsents({ ...said, student_ids: this.audience.value, to: this.to.value });
      this.#told(done);
    } catch (error) {
      if (!this.signal.aborted && !complain(this.fields, error)) fill(this.result, errorNotice(error));
    } finally {
      this.submit.disabled = false;
    }
  }

  #told(/** @type {import("./client.js").Recorded} */ done) {
    const names = done.unreachable.map((id) => this.audience.nameOf(id)).filter(Boolean).slice(0, 5).join(", ");
    const text = `${number(done.recorded)}개 번호에 기록했습니다.`;
    const rest = [
      done.ignored > 0 && h("p", {}, `${number(done.ignored)}개 번호는 동의하거나 철회한 적이 없어 기록하지 않았습니다.`),
      done.unreachable.length > 0 && h("p", {}, `${number(done.unreachable.length)}명은 번호가 없어 기록하지 않았습니다. ${names}`),
    ];
    fill(this.result, notice(rest.some(Boolean) ? "warn" : "good", text, ...rest));
    announce(text);
    this.dispatchEvent(new Event("recorded"));
  }
}
