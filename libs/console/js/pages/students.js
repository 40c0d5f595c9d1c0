import { day, number, phone } from "../format.js";
import { Filters } from "../students/filters.js";
import { bulkResult, namesOf } from "../students/results.js";
import { namesLine, schoolLine, tagBadge } from "../students/words.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { Listing, pickedBar } from "../ui/listing.js";
import { announce } from "../ui/live.js";
import { pageOf, workButton } from "../ui/page.js";
import { save } from "../ui/save.js";
import { orDash } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../students/client.js").Student} Student */

/** `#/students?search=…&grade=…`: everybody who is here. */
export function studentsPage(/** @type {import("../router.js").Context} */ context) {
  return new StudentsPage(context).view();
}

class StudentsPage {
  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.filters = new Filters({ query, signal });
    this.result = h("div", { class: "stack" });
    this.listing = new Listing({
      caption: "학생 목록", unit: "명", signal, cells, name: (student) => student.name, columns: COLUMNS,
      read: (cursor, run) => app.students.page("", { ...this.filters.values, cursor }, run), empty: () => this.#empty(),
    });
    this.filters.addEventListener("change", () => this.#filtered());
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.app.router.keep(this.filters.values);
    this.listing.reload();
    this.#loadTags();
    const remove = h("button", { class: "button", type: "button", onclick: () => this.#delete() }, "삭제");
    return pageOf({ title: "학생", actions: this.#actions() }, this.result,
      h("section", { class: "card list-card", "aria-label": "학생 목록" }, this.filters.node, pickedBar(this.listing, remove), this.listing.node));
  }

  #actions() {
    return [
      workButton("내보내기", { symbol: "download", trouble: this.result, run: () => this.#export() }),
      h("a", { class: "button", href: "#/students/excel" }, icon("upload"), "엑셀로 등록"),
      h("a", { class: "button button-main", href: "#/students/new" }, icon("plus"), "새 학생"),
    ];
  }

  #filtered() {
    this.app.router.keep(this.filters.values);
    this.listing.reload();
  }

  async #loadTags() {
    try {
      this.filters.offerTags(await this.app.students.tags(this.signal));
    } catch {
      // the list is usable without its tag filter
    }
  }

  #empty() {
    if (Object.keys(this.filters.values).length) return h("p", {}, "맞는 학생이 없습니다. 검색어나 조건을 줄여 보세요.");
    return h("div", { class: "stack" }, h("p", {}, "아직 학생이 없습니다."),
      h("p", { class: "hint" }, "한 명씩 등록하거나, 엑셀 명단으로 한 번에 등록할 수 있습니다."));
  }

  async #export() {
    announce("내보낼 파일을 만들고 있습니다.");
    const { blob, name } = await this.app.students.export(this.filters.values, this.signal);
    save(blob, name);
    toast(`‘${name}’ 파일을 받았습니다.`);
  }

  async #delete() {
    const { picked } = this.listing;
    const ids = picked.map((student) => student.id);
    const answer = await ask({
      title: `${number(ids.length)}명을 삭제할까요?`, action: "삭제", bad: true, signal: this.signal,
      body: [namesLine(picked), h("p", {}, "삭제된 학생 목록으로 옮겨지고, 30일 안에는 복구할 수 있습니다. 수강은 중단되고 로그인할 수 없게 됩니다.")],
      run: () => this.app.students.deleteAll(ids),
    });
    if (!answer) return;
    const skipped = new Set(answer.skipped.map((each) => each.id));
    this.listing.drop(ids.filter((id) => !skipped.has(id)));
    fill(this.result, bulkResult({ done: `${number(answer.done)}명을 삭제했습니다.`, skipped: answer.skipped, names: namesOf(/** @type {Student[]} */ (picked)) }));
  }
}

const COLUMNS = [
  { key: "name", label: "이름" }, { key: "school", label: "학교" }, { key: "phone", label: "학부모 전화" },
  { key: "phone-own", label: "학생 전화" }, { key: "login", label: "아이디" }, { key: "day", label: "등록일" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Student} */ student) {
  return [
    [h("a", { class: "row-link", href: `#/students/${student.id}` }, student.name), ...student.tags.map((tag) => tagBadge(tag))],
    [orDash(schoolLine(student))],
    [phone(student.parent_phone)],
    [orDash(phone(student.student_phone))],
    [orDash(student.login_id)],
    [day(student.created_at)],
  ];
}
