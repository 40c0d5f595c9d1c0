import { seoulLocal, seoulTime } from "../../seoul.js";
import { choices } from "../../ui/choices.js";
import { h } from "../../ui/dom.js";
import { field } from "../../ui/field.js";

const HOUR_MS = 3_600_000;

/** Now, or at a time of Seoul. Fires "change". */
export class Timing extends EventTarget {
  constructor() {
    super();
    this.choice = choices({
      label: "언제", value: "now", onPick: () => this.#chosen(),
      items: [{ value: "now", label: "바로 보내기" }, { value: "later", label: "예약해서 보내기" }],
    });
    this.at = h("input", { class: "input", type: "datetime-local", oninput: () => this.#chosen() });
    this.field = field({ label: "보낼 시각", control: this.at, hint: "한국 시각입니다." });
    this.field.node.hidden = true;
    this.limit = h("input", { class: "input", type: "datetime-local", oninput: () => this.#chosen() });
    this.limitField = field({ label: "이 시각이 지나면 보내지 않기", control: this.limit, optional: true, hint: "오늘 수업 안내처럼 늦으면 소용없는 내용에 씁니다." });
    this.node = h("div", { class: "stack" }, this.choice.node, h("div", { class: "form-grid" }, this.field.node, this.limitField.node));
  }

  get later() {
    return this.choice.value === "later";
  }

  /** @returns {string | null} null: at once */
  get value() {
    return this.later ? seoulTime(this.at.value) : null;
  }

  /** After this nothing of it leaves any more; null: whenever it can. @returns {string | null} */
  get until() {
    return seoulTime(this.limit.value);
  }

  /** Whether the times make sense; what is wrong is told at its field. @returns {boolean} */
  check() {
    const begins = this.value ? Date.parse(this.value) : Date.now();
    this.field.setError(!this.later ? "" : !this.value ? "보낼 시각을 정해 주세요." : begins <= Date.now() ? "이미 지난 시각입니다." : "");
    this.limitField.setError(this.until && Date.parse(this.until) <= begins ? "보내는 시각보다 뒤여야 합니다." : "");
    const wrong = [this.field, this.limitField].find((each) => each.hasError());
    wrong?.focus();
    return !wrong;
  }

  #chosen() {
    this.field.node.hidden = !this.later;
    this.field.setError("");
    this.limitField.setError("");
    if (this.later && !this.at.value) {
      this.at.min = seoulLocal(new Date());
      this.at.value = seoulLocal(new Date(Math.ceil((Date.now() + HOUR_MS / 2) / HOUR_MS) * HOUR_MS)); // the next full hour that is not too near
    }
    this.dispatchEvent(new Event("change"));
  }
}
