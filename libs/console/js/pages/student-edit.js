import { ApiError } from "../api.js";
import { phone } from "../format.js";
import { StudentForm, changesOf } from "../students/form.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice, notice } from "../ui/notice.js";
import { load, pageOf } from "../ui/page.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../students/client.js").Detail} Detail */

/** `#/students/:id/edit` */
export function editStudentPage(/** @type {import("../router.js").Context} */ context) {
  return new EditPage(context).view();
}

class EditPage {
  /** @type {Detail | null} */ #base = null;

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.form = new StudentForm({ anew: false });
    this.trouble = h("div", { class: "form-trouble" });
    this.submit = h("button", { class: "button button-main", type: "submit" }, "저장");
    this.box = h("div");
    this.back = `#/students/${encodeURIComponent(this.id)}`;
  }

  /** @returns {import("../router.js").View} */
  view() {
    load({
      box: this.box, signal: this.signal, gone: "이 학생을 찾을 수 없습니다.",
      read: () => this.app.students.show(this.id, this.signal), show: (student) => this.#show(student),
    });
    return pageOf({ title: "학생 정보 수정", crumb: { href: this.back, label: "학생 정보" } }, this.box);
  }

  #show(/** @type {Detail} */ student) {
    this.#base = student;
    this.form.show(student);
    fill(this.box, h("form", {
      class: "card student-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        if (!this.submit.disabled) this.#save();
      },
    }, this.form.node, this.trouble, h("div", { class: "actions form-foot" }, this.submit, h("a", { class: "button", href: this.back }, "취소"))));
    document.title = `${student.name} 수정 – 학원 데스크`;
  }

  async #save() {
    fill(this.trouble);
    if (!this.#base || !this.form.check()) return;
    const changes = changesOf(this.form.read(), this.#base);
    if (Object.keys(changes).length === 0) return this.app.router.go(`/students/${this.id}`);
    this.submit.disabled = true;
    try {
      await this.app.students.change(this.id, { ...changes, version: this.#base.version });
      toast("저장했습니다.");
      this.app.router.go(`/students/${this.id}`);
    } catch (error) {
      if (!this.signal.aborted) this.#refused(error, changes);
    } finally {
      this.submit.disabled = false;
    }
  }

  #refused(/** @type {unknown} */ error, /** @type {Record<string, any>} */ changes) {
    if (error instanceof ApiError && error.code === "version_conflict") return this.#offerReload(changes);
    const other = error instanceof ApiError ? error.members.existing_student : null;
    if (other) {
      fill(this.trouble, notice("warn", "이미 있는 학생입니다.",
        h("p", {}, `${other.name} · ${phone(other.parent_phone)} 학생이 있어 이렇게 바꿀 수 없습니다.`),
        h("a", { class: "button", href: `#/students/${other.id}` }, "그 학생 열기")));
    } else if (!(error instanceof ApiError && this.form.complain(error))) fill(this.trouble, errorNotice(error));
  }

  /** Somebody saved meanwhile: their values come in, those changed here stay as they were typed. */
  #offerReload(/** @type {Record<string, any>} */ changes) {
    const again = h("button", { class: "button button-main", type: "button", onclick: () => this.#rebase(changes) }, "최신 내용 불러오기");
    fill(this.trouble, notice("warn", "그사이 다른 사람이 이 학생의 정보를 고쳤습니다.",
      h("p", {}, "최신 내용을 불러오면 여기서 고친 값은 그대로 두고 나머지를 새로 채웁니다."), again));
    again.focus();
  }

  async #rebase(/** @type {Record<string, any>} */ changes) {
    try {
      const latest = await this.app.students.show(this.id, this.signal);
      this.#base = latest;
      this.form.show({ ...latest, ...changes });
      fill(this.trouble, notice("info", "최신 내용을 불러왔습니다.", h("p", {}, "고친 값을 확인하고 다시 저장해 주세요.")));
      announce("최신 내용을 불러왔습니다. 다시 저장해 주세요.");
      this.submit.focus();
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, errorNotice(error));
    }
  }
}
