import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";

/** Lines of an academy's own facts: a label and its text each. */
export class CustomFields {
  /** @type {{ node: HTMLElement, label: HTMLInputElement, text: HTMLInputElement }[]} */ #lines = [];

  constructor() {
    this.list = h("div", { class: "custom-lines" });
    this.error = h("p", { class: "field-error", role: "alert", hidden: true });
    this.add = h("button", { class: "button button-quiet", type: "button", onclick: () => this.#add("", "").label.focus() }, icon("plus"), "항목 추가");
    this.node = h("div", { class: "field field-wide", role: "group", "aria-label": "직접 만든 항목" },
      h("span", { class: "label" }, "직접 만든 항목", h("span", { class: "optional" }, "선택")), this.list, this.error, this.add);
  }

  show(/** @type {Record<string, string>} */ values) {
    for (const line of this.#lines) line.node.remove();
    this.#lines = [];
    for (const [label, text] of Object.entries(values)) this.#add(label, text);
  }

  /** @returns {Record<string, string>} */
  read() {
    const lines = this.#lines.map((line) => [line.label.value.trim(), line.text.value.trim()]);
    return Object.fromEntries(lines.filter(([label]) => label));
  }

  /** Say what is wrong: a text without a label, or one label twice. */
  check() {
    const labels = this.#lines.map((line) => line.label.value.trim());
    const nameless = this.#lines.some((line) => line.text.value.trim() && !line.label.value.trim());
    const twice = labels.some((label, i) => label && labels.indexOf(label) !== i);
    this.error.hidden = !nameless && !twice;
    this.error.textContent = nameless ? "항목 이름을 적어 주세요." : "같은 이름의 항목이 두 번 있습니다.";
  }

  hasError() {
    return !this.error.hidden;
  }

  focus() {
    this.#lines[0]?.label.focus();
  }

  #add(/** @type {string} */ name, /** @type {string} */ value) {
    const label = h("input", { class: "input", type: "text", maxlength: "50", "aria-label": "항목 이름", placeholder: "항목 이름", value: name });
    const text = h("input", { class: "input", type: "text", maxlength: "500", "aria-label": "항목 내용", placeholder: "내용", value });
    const drop = h("button", { class: "icon-button", type: "button", "aria-label": "항목 빼기" }, icon("cross"));
    const line = { node: h("div", { class: "custom-line" }, label, text, drop), label, text };
    drop.addEventListener("click", () => {
      line.node.remove();
      this.#lines = this.#lines.filter((other) => other !== line);
      this.add.focus();
    });
    this.#lines.push(line);
    this.list.append(line.node);
    return line;
  }
}
