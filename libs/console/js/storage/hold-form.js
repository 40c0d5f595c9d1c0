import { BUCKETS, HOLD_KINDS } from "../labels.js";
import { seoulLocal, seoulTime } from "../seoul.js";
import { Incomplete, ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { reasonField } from "../ui/reason.js";
import { select } from "../ui/select.js";

const MONTH_MS = 30 * 86_400_000;
const VALUES = /** @type {Record<string, { label: string, hint: string }>} */ ({
  student: { label: "학생 ID", hint: "학생 화면의 주소 끝에 있습니다." },
  video: { label: "영상 ID", hint: "영상 화면의 주소 끝에 있습니다." },
  prefix: { label: "키의 앞부분", hint: "폴더까지 적습니다. 예: exports/학원/" },
});

/** Put a hold on something. @param {{ app: import("../main.js").App, signal: AbortSignal }} around */
export function askHold({ app, signal }) {
  const form = new HoldForm();
  return ask({ title: "보존 걸기", action: "보존", wide: true, signal, body: form.body, run: () => form.send((values) => app.storage.hold(values)) });
}

class HoldForm {
  constructor() {
    const line = (/** @type {string} */ maxlength) => h("input", { class: "input", type: "text", maxlength, autocomplete: "off", spellcheck: "false" });
    this.kind = select(HOLD_KINDS, { onchange: () => this.#fit() });
    this.tenant = line("64");
    this.value = line("1024");
    this.bucket = select(BUCKETS);
    this.until = h("input", { class: "input", type: "datetime-local", value: seoulLocal(new Date(Date.now() + MONTH_MS)), min: seoulLocal(new Date()) });
    this.reason = reasonField({ label: "사유", hint: "대장에 남습니다. 사람의 이름이나 전화번호는 적지 마세요." });
    this.fields = {
      kind: field({ label: "무엇을", control: this.kind }), tenant_id: field({ label: "학원", control: this.tenant }), bucket: field({ label: "버킷", control: this.bucket }),
      value: field({ label: "ID 또는 키의 앞부분", control: this.value }), expires_at: field({ label: "언제까지 (서울 시각)", control: this.until, hint: "이때가 지나면 정책이 다시 적용됩니다." }),
    };
    this.valueHint = h("p", { class: "hint" });
    this.fields.value.node.append(this.valueHint);
    this.body = [this.fields.kind.node, this.fields.tenant_id.node, this.fields.bucket.node, this.fields.value.node, this.fields.expires_at.node, this.reason.node];
    this.#fit();
  }

  /** Only what this kind needs. */
  #fit() {
    const needs = VALUES[this.kind.value];
    this.fields.bucket.node.hidden = this.kind.value !== "prefix";
    this.fields.value.node.hidden = !needs;
    if (!needs) return;
    this.valueHint.textContent = needs.hint;
    const label = this.fields.value.node.querySelector("label");
    if (label) label.textContent = needs.label;
  }

  /** @template T @param {(values: Record<string, any>) => Promise<T>} run @returns {Promise<T>} */
  async send(run) {
    const needs = VALUES[this.kind.value];
    const values = {
      kind: this.kind.value, tenant_id: this.tenant.value.trim(), expires_at: seoulTime(this.until.value), reason: "",
      ...(needs && { value: this.value.value.trim() }), ...(this.kind.value === "prefix" && { bucket: this.bucket.value }),
    };
    for (const each of Object.values(this.fields)) each.setError("");
    if (!values.tenant_id) this.fields.tenant_id.setError("학원을 적어 주세요.");
    if (needs && !values.value) this.fields.value.setError(`${needs.label}를 적어 주세요.`);
    if (!values.expires_at) this.fields.expires_at.setError("언제까지인지 적어 주세요.");
    values.reason = this.reason.read();
    if (Object.values(this.fields).some((each) => each.hasError())) throw new Incomplete();
    try {
      return await run(values);
    } catch (error) {
      if (complain(this.fields, error)) throw new Incomplete();
      throw error;
    }
  }
}
