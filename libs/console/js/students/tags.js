import { Combobox } from "../ui/combobox.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";
import { tagBadge } from "./words.js";

/** @typedef {import("./client.js").Tag} Tag */

const MAX_NAME = 30;

/** A student's tags: taken off with a press, put on by name; a name nobody has used yet makes a new tag. */
export class TagsCard {
  /** @type {Tag[]} */ #known = [];

  /** @param {{ student: import("./client.js").Detail, app: import("../main.js").App, signal: AbortSignal }} spec */
  constructor({ student, app, signal }) {
    this.student = student;
    this.app = app;
    this.signal = signal;
    this.list = h("ul", { class: "tag-list" });
    this.trouble = h("div");
    this.combo = new Combobox({ placeholder: "태그 이름", listLabel: "태그 목록" });
    this.combo.input.maxLength = MAX_NAME;
    this.combo.input.setAttribute("aria-label", "붙일 태그");
    this.combo.addEventListener("change", () => this.combo.value && this.#add());
    this.combo.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.defaultPrevented && !this.combo.value) this.#add(); // no tag of the list: a new one
    });
    this.form = h("form", { class: "tag-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.combo.node, h("button", { class: "button button-small", type: "submit" }, "붙이기"));
    this.node = h("section", { class: "card side-card", "aria-labelledby": "tags-title" },
      h("h2", { id: "tags-title", class: "card-title" }, "태그"), this.list, !student.deleted_at && this.form, this.trouble);
    this.#paint(student.tags);
    if (!student.deleted_at) this.#load();
  }

  async #load() {
    try {
      this.#known = await this.app.students.tags(this.signal);
      this.#offer();
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, errorNotice(error));
    }
  }

  #offer() {
    const has = new Set(this.student.tags.map((tag) => tag.id));
    const rest = this.#known.filter((tag) => !has.has(tag.id));
    this.combo.setOptions(rest.map((tag) => ({ id: tag.id, label: tag.name })), "처음 쓰는 이름이면 새 태그로 만들어 붙입니다.");
  }

  #paint(/** @type {Tag[]} */ tags) {
    this.student.tags = tags;
    const remove = (/** @type {Tag} */ tag) => h("button", {
      class: "tag-off", type: "button", "aria-label": `${tag.name} 태그 떼기`, onclick: () => this.#change("remove_tag", tag),
    }, icon("cross"));
    fill(this.list, ...tags.map((tag) => h("li", {}, tagBadge(tag, !this.student.deleted_at && remove(tag)))),
      tags.length === 0 && h("li", { class: "blank" }, "붙인 태그가 없습니다."));
    this.#offer();
  }

  #submit(/** @type {Event} */ event) {
    event.preventDefault();
    this.#add();
  }

  async #add() {
    const name = this.combo.text;
    if (!name) return this.combo.input.focus();
    const same = (/** @type {Tag} */ tag) => tag.name.toLowerCase() === name.toLowerCase();
    if (this.student.tags.some(same)) return this.combo.pick(null);
    try {
      let tag = this.#known.find(same);
      if (!tag) this.#known.push((tag = await this.app.students.createTag(name)));
      await this.#change("add_tag", tag);
      this.combo.pick(null);
      this.combo.input.focus();
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, errorNotice(error));
    }
  }

  async #change(/** @type {"add_tag" | "remove_tag"} */ what, /** @type {Tag} */ tag) {
    fill(this.trouble);
    try {
      this.#paint((await this.app.students.tag(this.student.id, what, tag.id)).tags);
      announce(what === "add_tag" ? `${tag.name} 태그를 붙였습니다.` : `${tag.name} 태그를 뗐습니다.`);
      this.combo.input.focus();
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, errorNotice(error));
    }
  }
}
