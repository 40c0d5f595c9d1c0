import { h } from "../ui/dom.js";
import { field } from "../ui/field.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const LIMITS = [1, 1.25, 1.5, 1.75, 2]; // what a video may be limited to

/** @typedef {{ allow_skip: boolean, max_speed: number, show_watermark: boolean }} Policy */

/** How students may watch a video: skipping, speed, watermark. */
export class PolicyFields {
  constructor(/** @type {Policy} */ policy = { allow_skip: false, max_speed: 1, show_watermark: true }) {
    this.skip = h("input", { type: "checkbox", class: "check", checked: policy.allow_skip });
    this.watermark = h("input", { type: "checkbox", class: "check", checked: policy.show_watermark });
    const known = LIMITS.includes(Number(policy.max_speed)) ? LIMITS : [...LIMITS, Number(policy.max_speed)].sort((a, b) => a - b);
    this.speed = h("select", { class: "input" }, ...known.map((each) => h("option", { value: String(each) }, each === 1 ? "1배속 (배속 금지)" : `${each}배속까지`)));
    this.speed.value = String(Number(policy.max_speed));
    const line = (/** @type {HTMLInputElement} */ box, /** @type {string} */ word, /** @type {string} */ hint) =>
      h("label", { class: "check-line" }, box, h("span", {}, word), h("span", { class: "hint" }, hint));
    this.node = h("div", { class: "stack" },
      line(this.skip, "건너뛰기 허용", "꺼 두면 출석 수업에서 아직 보지 않은 곳으로 넘길 수 없습니다."),
      line(this.watermark, "워터마크 표시", "보는 사람의 정보를 화면에 옮겨 가며 보여 줍니다. 출석 수업에서는 늘 보입니다."),
      field({ label: "최대 배속", control: this.speed, hint: "출석 수업은 늘 1배속입니다." }).node);
  }

  /** @returns {Policy} */
  read() {
    return { allow_skip: this.skip.checked, max_speed: Number(this.speed.value), show_watermark: this.watermark.checked };
  }
}
