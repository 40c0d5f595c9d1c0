import { size } from "../format.js";
import { fill, h, uid } from "./dom.js";
import { icon } from "./icon.js";

/**
 * Files by picker or drop, anywhere on the page. One: fires "change", and `file` is null until there is one.
 * Several (`many`): fires "files" with them as its detail, and stays open for more.
 */
export class Dropzone extends EventTarget {
  /** @type {File | null} */ file = null;

  constructor(/** @type {{ accept: string, prompt: string, limits: string, many?: boolean, signal: AbortSignal }} */ spec) {
    super();
    this.input = h("input", {
      id: uid("file"), type: "file", accept: spec.accept, multiple: spec.many, class: "visually-hidden",
      onchange: () => this.#take([...(this.input.files ?? [])]),
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

  #take(/** @type {File[]} */ files) {
    if (files.length === 0) return;
    if (!this.spec.many) return this.set(files[0]);
    this.input.value = "";
    this.dispatchEvent(new CustomEvent("files", { detail: files }));
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
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!this.input.disabled && !this.input.closest("fieldset:disabled")) this.#take(files);
    }, { signal });
  }
}
