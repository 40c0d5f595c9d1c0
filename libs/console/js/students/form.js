import { phone } from "../format.js";
import { GENDERS, SCHOOL_TYPES } from "../labels.js";
import { h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { passwordInput } from "../ui/password.js";
import { select } from "../ui/select.js";
import { CustomFields } from "./custom-fields.js";

/**
 * The fields of a student, for a new one and for changing one.
 *
 * @typedef {Record<string, any>} Values by the API's names; an empty field is null
 * @typedef {{ label: string, hint?: string, kind?: "phone" | "number" | "long" | "check", options?: Record<string, string>,
 *             max?: number, needed?: string }} Spec  `needed`: what to say when it is empty
 */

const GRADES = Object.fromEntries([1, 2, 3, 4, 5, 6].map((grade) => [String(grade), `${grade}학년`]));
const MIN_PASSWORD = 4;

/** @type {Record<string, Spec>} */
const SPECS = {
  name: { label: "이름", max: 50, needed: "이름을 적어 주세요." },
  parent_phone: { label: "학부모 전화", kind: "phone", needed: "학부모 전화번호를 적어 주세요." },
  student_phone: { label: "학생 전화", kind: "phone" },
  gender: { label: "성별", options: GENDERS },
  login_id: { label: "아이디", max: 40, hint: "영문, 숫자, 점, 밑줄, 하이픈 4~40자" },
  school: { label: "학교", max: 100 },
  school_type: { label: "학교급", options: SCHOOL_TYPES },
  grade: { label: "학년", kind: "number", options: GRADES },
  school_class: { label: "반", max: 50 },
  major: { label: "계열", max: 50 },
  origin_school: { label: "출신 학교", max: 100 },
  address: { label: "주소", max: 300 },
  memo: { label: "메모", kind: "long", max: 5000 },
  is_managed: { label: "관리 대상", kind: "check" },
};

const GROUPS = [
  { title: "학생과 학부모", names: ["name", "parent_phone", "student_phone", "gender"] },
  { title: "학교", names: ["school", "school_type", "grade", "school_class", "major", "origin_school"] },
  { title: "그 밖의 정보", names: ["login_id", "address", "memo", "is_managed"] },
];

export class StudentForm {
  /** @type {Record<string, HTMLInputElement>} */ controls = {};
  /** @type {Record<string, import("../ui/field.js").Field>} */ fields = {};

  /** @param {{ anew: boolean }} spec  a new student also needs its first password */
  constructor({ anew }) {
    this.custom = new CustomFields();
    this.anew = anew;
    for (const [name, spec] of Object.entries(SPECS)) this.#build(name, spec);
    this.password = anew ? passwordInput({ autocomplete: "new-password", maxlength: "128", autocapitalize: "off", spellcheck: "false" }) : null;
    if (this.password) this.#addPassword(this.password);
    this.node = h("fieldset", { class: "bare form-groups" }, ...GROUPS.map((group) => this.#group(group)));
  }

  #group(/** @type {typeof GROUPS[number]} */ group) {
    const nodes = group.names.map((name) => this.fields[name].node);
    if (group === GROUPS[0] && this.password) nodes.push(this.fields.initial_password.node);
    if (group === GROUPS[2]) nodes.push(this.custom.node);
    return h("section", { class: "form-group" }, h("h2", { class: "form-title" }, group.title), h("div", { class: "form-grid" }, ...nodes));
  }

  #build(/** @type {string} */ name, /** @type {Spec} */ spec) {
    const control = /** @type {HTMLInputElement} */ (controlOf(spec));
    control.addEventListener("input", () => this.fields[name].setError(""));
    this.controls[name] = control;
    if (spec.kind === "check") {
      const node = h("div", { class: "field" }, h("label", { class: "check-line" }, control, h("span", {}, spec.label),
        h("span", { class: "hint" }, "꺼 두면 관리하지 않는 학생으로 남습니다.")));
      this.fields[name] = { node, setError: () => {}, hasError: () => false, focus: () => control.focus() };
    } else this.fields[name] = field({ label: spec.label, control, hint: spec.hint, optional: this.anew && !spec.needed });
    this.fields[name].node.classList.toggle("field-wide", name === "address" || name === "memo");
  }

  #addPassword(/** @type {{ node: HTMLElement, input: HTMLInputElement }} */ { node, input }) {
    this.fields.initial_password = field({
      label: "초기 비밀번호", control: node, target: input, hint: `${MIN_PASSWORD}자 이상. 학생과 학부모가 처음 로그인할 때 바꾸게 됩니다.`,
    });
    this.fields.initial_password.node.classList.add("field-wide");
    input.addEventListener("input", () => this.fields.initial_password.setError(""));
  }

  /** Put these values into the fields; those not named stay. */
  show(/** @type {Values} */ values) {
    for (const [name, control] of Object.entries(this.controls)) {
      if (!(name in values)) continue;
      const spec = SPECS[name];
      if (spec.kind === "check") control.checked = Boolean(values[name]);
      else control.value = spec.kind === "phone" ? phone(values[name]) : String(values[name] ?? "");
    }
    if (values.custom_fields) this.custom.show(values.custom_fields);
  }

  /** @returns {Values} of every field, as the API takes them */
  read() {
    const values = /** @type {Values} */ ({});
    for (const [name, control] of Object.entries(this.controls)) values[name] = valueOf(SPECS[name], control);
    values.custom_fields = this.custom.read();
    if (this.password) values.initial_password = this.password.input.value.trim();
    return values;
  }

  /** Say at each field what is wrong with it. @returns {boolean} whether nothing is */
  check() {
    const values = this.read();
    for (const [name, spec] of Object.entries(SPECS)) this.fields[name].setError(complaint(spec, values[name]));
    if (this.password) this.fields.initial_password.setError(values.initial_password.length < MIN_PASSWORD ? `비밀번호를 ${MIN_PASSWORD}자 이상 적어 주세요.` : "");
    this.custom.check();
    return this.#focusFirstError();
  }

  /** Put the server's complaints at their fields. @returns {boolean} whether all of them found one */
  complain(/** @type {import("../api.js").ApiError} */ error) {
    const errors = { ...error.errors, ...(error.code === "login_id_taken" && { login_id: [error.message] }) };
    for (const [name, messages] of Object.entries(errors)) this.fields[name]?.setError(messages.join(" "));
    this.#focusFirstError();
    const names = Object.keys(errors);
    return names.length > 0 && names.every((name) => this.fields[name]);
  }

  #focusFirstError() {
    const wrong = Object.values(this.fields).find((each) => each.hasError()) ?? (this.custom.hasError() ? this.custom : null);
    wrong?.focus();
    return !wrong;
  }
}

function controlOf(/** @type {Spec} */ spec) {
  if (spec.options) return select(spec.options, {}, "선택 안 함");
  if (spec.kind === "long") return h("textarea", { class: "input", rows: "3", maxlength: String(spec.max) });
  if (spec.kind === "check") return h("input", { type: "checkbox", class: "check", checked: true });
  if (spec.kind !== "phone") return h("input", { class: "input", type: "text", autocomplete: "off", maxlength: String(spec.max) });
  const input = h("input", { class: "input", type: "tel", inputmode: "tel", autocomplete: "off", maxlength: "20", placeholder: "010-0000-0000" });
  input.addEventListener("blur", () => (input.value = phone(digits(input.value)) || input.value));
  return input;
}

/** @returns {string} */
function digits(/** @type {string} */ text) {
  return text.normalize("NFKC").replaceAll(/\D/g, "");
}

/** @returns {any} */
function valueOf(/** @type {Spec} */ spec, /** @type {HTMLInputElement} */ control) {
  if (spec.kind === "check") return control.checked;
  const text = control.value.trim();
  if (spec.kind === "phone") return digits(text) || (text ? text : null);
  if (spec.kind === "number") return text ? Number(text) : null;
  return text || null;
}

/** @returns {string} */
function complaint(/** @type {Spec} */ spec, /** @type {any} */ value) {
  if (!value) return spec.needed ?? "";
  if (spec.kind === "phone" && !/^010\d{8}$/.test(value)) return "010으로 시작하는 11자리 번호를 적어 주세요.";
  return "";
}

/** The values that differ from `base`: what a PATCH needs to say. @returns {Values} */
export function changesOf(/** @type {Values} */ values, /** @type {Values} */ base) {
  const plain = (/** @type {any} */ value) => JSON.stringify(value && typeof value === "object" ? Object.entries(value).sort() : value ?? null);
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => plain(value) !== plain(base[name])));
}

/** Without what was left empty: what a new student needs to say. @returns {Values} */
export function filled(/** @type {Values} */ values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

