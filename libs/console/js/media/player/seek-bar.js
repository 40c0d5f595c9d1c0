import { span } from "../../format.js";
import { h } from "../../ui/dom.js";
import { cueAt, paintCue } from "./storyboard.js";

/** The bar of time: what was watched, where one is, and a picture of the moment under the pointer. */
export class SeekBar {
  /** @type {import("./storyboard.js").Cue[]} */ cues = [];
  #dragging = false;

  constructor(/** @type {(to: number) => void} */ onSeek) {
    this.range = h("input", { class: "seek-range", type: "range", min: "0", max: "0", step: "0.1", value: "0", "aria-label": "재생 위치" });
    this.picture = h("span", { class: "seek-picture", hidden: true });
    this.time = h("span", { class: "seek-time" });
    this.preview = h("span", { class: "seek-preview", hidden: true, "aria-hidden": "true" }, this.picture, this.time);
    this.node = h("div", { class: "seek" }, this.range, this.preview);
    this.range.addEventListener("input", () => (this.#dragging = true));
    this.range.addEventListener("change", () => {
      this.#dragging = false;
      onSeek(Number(this.range.value));
    });
    this.node.addEventListener("pointermove", (event) => this.#hover(event));
    this.node.addEventListener("pointerleave", () => (this.preview.hidden = true));
  }

  /** `limit`: how far one may go. */
  show(/** @type {number} */ at, /** @type {number} */ duration, /** @type {number} */ limit) {
    if (!Number.isFinite(duration) || duration <= 0) return;
    this.range.max = String(duration);
    if (!this.#dragging) this.range.value = String(at);
    this.range.setAttribute("aria-valuetext", `${span(at)} / ${span(duration)}`);
    this.range.style.setProperty("--played", `${(100 * at) / duration}%`);
    this.range.style.setProperty("--allowed", `${Math.min(100, (100 * limit) / duration)}%`);
  }

  #hover(/** @type {PointerEvent} */ event) {
    const duration = Number(this.range.max);
    if (!duration) return;
    const box = this.range.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    this.time.textContent = span(share * duration);
    const cue = cueAt(this.cues, share * duration);
    this.picture.hidden = !cue;
    if (cue) paintCue(this.picture, cue);
    this.preview.hidden = false;
    const half = this.preview.offsetWidth / 2;
    this.preview.style.left = `${Math.min(Math.max(share * box.width, half), Math.max(half, box.width - half))}px`;
  }
}
