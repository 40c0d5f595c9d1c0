import { when } from "../format.js";
import { accountsCard, familyCard } from "../students/accounts.js";
import { askHold, holdNotice } from "../students/hold.js";
import { photoCard } from "../students/photo.js";
import { profile } from "../students/profile.js";
import { askPurge } from "../students/purge.js";
import { bulkResult, namesOf } from "../students/results.js";
import { TagsCard } from "../students/tags.js";
import { brief, daysLeft } from "../students/words.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice, notice } from "../ui/notice.js";
import { load } from "../ui/page.js";
import { badge } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../students/client.js").Detail} Detail */

/** `#/students/:id`: one student, here or in the trash. */
export function studentPage(/** @type {import("../router.js").Context} */ context) {
  return new StudentPage(context).view();
}

class StudentPage {
  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.heading = h("h1", { tabindex: "-1" }, "학생 정보");
    this.crumb = h("a", { href: app.router.last("/students") }, icon("back"), "학생");
    this.facts = h("p", { class: "facts" });
    this.actions = h("div", { class: "actions page-actions" });
    this.result = h("div", { class: "stack" });
    this.box = h("div");
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#load();
    return { title: "학생 정보", node: h("div", {}, h("header", { class: "page-head page-head-row" },
      h("div", { class: "page-name" }, h("p", { class: "crumb" }, this.crumb), this.heading, this.facts), this.actions),
    h("div", { class: "stack" }, this.result, this.box)) };
  }

  /** Once more, after a change: nothing can be pressed meanwhile, and the focus is not lost with the old parts. */
  async #reload() {
    this.box.inert = true;
    await this.#load();
    this.box.inert = false;
    if (document.activeElement === document.body) this.heading.focus();
  }

  #load() {
    return load({
      box: this.box, signal: this.signal, gone: "이 학생을 찾을 수 없습니다. 영구 삭제되었거나 다른 학원의 학생입니다.",
      read: () => this.app.students.show(this.id, this.signal), show: (student) => this.#show(student),
    });
  }

  #show(/** @type {Detail} */ student) {
    const gone = Boolean(student.deleted_at);
    const around = { student, app: this.app, signal: this.signal, changed: () => this.#reload() };
    document.title = `${student.name} – 학원 데스크`;
    fill(this.heading, student.name);
    fill(this.facts, gone && badge("bad", "삭제됨"), !student.is_managed && badge("calm", "관리 안 함"), brief(student));
    fill(this.actions, ...(gone ? [] : this.#activeActions(student)));
    if (gone) {
      this.crumb.href = this.app.router.last("/trash");
      fill(this.crumb, icon("back"), "삭제된 학생");
    }
    fill(this.box, h("div", { class: "columns" },
      h("div", { class: "stack" }, gone && this.#trashNotice(student), holdNotice(around), profile(student)),
      h("div", { class: "stack" }, photoCard(around), new TagsCard(around).node, familyCard(student), accountsCard(around))));
  }

  #activeActions(/** @type {Detail} */ student) {
    return [
      h("button", { class: "button", type: "button", onclick: () => this.#delete(student) }, "삭제"),
      h("a", { class: "button button-main", href: `#/students/${student.id}/edit` }, icon("pencil"), "수정"),
    ];
  }

  #trashNotice(/** @type {Detail} */ student) {
    if (student.merged_into) {
      return notice("info", "다른 학생과 합친 기록입니다.", h("p", {}, "30일 안에는 ‘같은 학생 확인’에서 되돌릴 수 있습니다."),
        h("div", { class: "actions" }, h("a", { class: "button", href: `#/students/${student.merged_into}` }, "합쳐진 학생 열기"),
          h("a", { class: "button", href: "#/merges" }, "같은 학생 확인")));
    }
    const around = { student, app: this.app, signal: this.signal, changed: () => this.#reload() };
    const manager = this.app.auth.manages && [
      !student.hold && h("button", { class: "button", type: "button", onclick: () => askHold(around) }, "파기 보류"),
      h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#purge(student) }, "영구 삭제"),
    ];
    return notice("warn", `${when(student.deleted_at)}에 삭제한 학생입니다.`,
      h("p", {}, daysLeft(student.deleted_days_left), " 보관 기간이 끝나면 모든 기록을 파기합니다."),
      h("div", { class: "actions" }, h("button", { class: "button button-main", type: "button", onclick: () => this.#restore(student) }, "복구"), ...(manager || [])));
  }

  async #delete(/** @type {Detail} */ student) {
    const done = await ask({
      title: `${student.name} 학생을 삭제할까요?`, action: "삭제", bad: true, signal: this.signal,
      body: [h("p", {}, "삭제된 학생 목록으로 옮겨지고, 30일 안에는 복구할 수 있습니다. 수강은 중단되고 로그인할 수 없게 됩니다.")],
      run: async () => (await this.app.students.delete(student.id), true),
    });
    if (!done) return;
    toast(`${student.name} 학생을 삭제했습니다.`);
    await this.#reload();
    this.heading.focus();
  }

  async #restore(/** @type {Detail} */ student) {
    fill(this.result);
    try {
      const { done, skipped } = await this.app.students.restoreAll([student.id]);
      if (!done) return fill(this.result, bulkResult({ done: "복구하지 못했습니다.", skipped, names: namesOf([student]) }));
      this.crumb.href = this.app.router.last("/students");
      fill(this.crumb, icon("back"), "학생");
      await this.#reload();
      fill(this.result, notice("good", "복구했습니다.", h("p", {}, "수강은 자동으로 되살아나지 않습니다. 필요하면 다시 등록해 주세요.")));
      announce("복구했습니다.");
      this.heading.focus();
    } catch (error) {
      if (!this.signal.aborted) fill(this.result, errorNotice(error));
    }
  }

  async #purge(/** @type {Detail} */ student) {
    const answer = await askPurge({ app: this.app, students: [student], signal: this.signal });
    if (!answer) return;
    if (answer.done) return this.app.router.go(`/erasures/${student.id}`);
    fill(this.result, bulkResult({ done: "영구 삭제하지 못했습니다.", skipped: answer.skipped, names: namesOf([student]) }));
  }
}
