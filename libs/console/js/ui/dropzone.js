import { size } from "../format.js";
import { fill, h, uid } from "./dom.js";
import { icon } from "./icon.js";

/**
 * One file by picker or drop, anywhere on the page.
 * Fires "change"; `file` is null until there is one.
 */
export class Dropzone extends EventTarget {
  /** @type {File | null} */ file = null;

  constructor(/** @type {{ accept: string, prompt: string, limits: string, signal: AbortSignal }} */ spec) {
    super();
    this.input = h("input", {
      id: uid("file"), type: "file", accept: spec.accept, class: "visually-hidden",
      onchange: () => this.input.files?.length && this.set(this.input.files[0]),
    });
    this.spec = spec;
    this.face = h("label", { class: "dropzone", htmlFor: this.input.id });
    this.node = h("div", { class: "dropzone-wrap" }, this.input, this.face);
    this.#paint();
    this.#listen(spec.signal);
  }

  set(/** @type {File | null} */ file) {
    this.file = file;
    this.input.value = ""; // the same file can be picked again after it was mended
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    this.face.classList.toggle("dropzone-full", this.file !== null);
    if (this.file) {
      fill(this.face, icon("file"),
        h("span", { class: "file-name" }, this.file.name),
        h("span", { class: "file-size" }, size(this.file.size)),
        h("span", { class: "file-change" }, "다른 파일 고르기"));
    } else {
      fill(this.face, icon("upload"), h("strong", {}, this.spec.prompt), h("span", { class: "hint" }, this.spec.limits));
    }
  }

  /** A file dropped beside the box must not make the browser leave the page, so the whole window takes it. */
  #listen(/** @type {AbortSignal} */ signal) {
    const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    const over = (/** @type {boolean} */ on) => this.face.classList.toggle("dropzone-over", on);
    window.addEventListener("dragover", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      over(true);
    }, { signal });
    window.addEventListener("dragleave", (event) => event.relatedTarget || over(false), { signal });
    window.addEventListener("drop", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      over(false);
      const file = event.dataTransfer?.files[0];
      if (file && !this.input.disabled && !this.input.closest("fieldset:disabled")) this.set(file);
    }, { signal });
  }
}
