import { day, number, phone } from "../format.js";
import { Filters } from "../students/filters.js";
import { askPurge } from "../students/purge.js";
import { bulkResult, namesOf } from "../students/results.js";
import { daysLeft, schoolLine } from "../students/words.js";
import { fill, h } from "../ui/dom.js";
import { Listing, pickedBar } from "../ui/listing.js";
import { pageOf, workButton } from "../ui/page.js";
import { orDash } from "../ui/table.js";

/** @typedef {import("../students/client.js").Student} Student */

/** `#/trash`: who was deleted in the last 30 days. */
export function trashPage(/** @type {import("../router.js").Context} */ context) {
  return new TrashPage(context).view();
}

class TrashPage {
  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.filters = new Filters({ query, signal, searchOnly: true });
    this.result = h("div", { class: "stack" });
    this.listing = new Listing({
      caption: "삭제된 학생 목록", unit: "명", signal, columns: COLUMNS, cells, name: (student) => student.name,
      read: (cursor, run) => app.students.page("", { ...this.filters.values, deleted: true, cursor }, run), empty: () => this.#empty(),
    });
    this.filters.addEventListener("change", () => {
      app.router.keep(this.filters.values);
      this.listing.reload();
    });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.app.router.keep(this.filters.values);
    this.listing.reload();
    const { manages } = this.app.auth;
    const restore = workButton("복구", { kind: "button-main", trouble: this.result, run: () => this.#restore() });
    const purge = manages && h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#purge() }, "영구 삭제");
    const actions = [
      manages && h("a", { class: "button", href: "#/erasures" }, "파기 확인서"), h("a", { class: "button", href: "#/trash/duplicates" }, "중복 검사"),
    ];
    return pageOf({ title: "삭제된 학생", lead: "삭제하고 30일이 지나면 모든 기록을 자동으로 파기합니다.", actions }, this.result,
      h("section", { class: "card list-card", "aria-label": "삭제된 학생 목록" }, this.filters.node,
        pickedBar(this.listing, restore, ...(purge ? [purge] : [])), this.listing.node));
  }

  #empty() {
    return h("p", {}, this.filters.values.search ? "맞는 학생이 없습니다. 검색어를 줄여 보세요." : "삭제된 학생이 없습니다.");
  }

  async #restore() {
    const { picked } = this.listing;
    const answer = await this.app.students.restoreAll(picked.map((student) => student.id));
    this.#tell(`${number(answer.done)}명을 복구했습니다. 수강은 자동으로 되살아나지 않습니다.`, answer, picked);
  }

  async #purge() {
    const picked = /** @type {Student[]} */ (this.listing.picked);
    const answer = await askPurge({ app: this.app, students: picked, signal: this.signal });
    if (!answer) return;
    this.#tell(`${number(answer.done)}명을 영구 삭제했습니다.`, answer, picked);
    if (answer.done) this.result.append(h("p", {}, h("a", { href: "#/erasures" }, "파기 확인서 보기")));
  }

  /** Say what happened, and take those who are no longer in the trash off the list. */
  #tell(/** @type {string} */ done, /** @type {{ skipped: import("../students/client.js").Skipped[] }} */ { skipped }, /** @type {{ id: string, name?: string }[]} */ picked) {
    const stay = new Set(skipped.map((each) => each.id));
    this.listing.drop(picked.map((student) => student.id).filter((id) => !stay.has(id)));
    fill(this.result, bulkResult({ done, skipped, names: namesOf(picked) }));
  }
}

const COLUMNS = [
  { key: "name", label: "이름" }, { key: "school", label: "학교" }, { key: "phone", label: "학부모 전화" },
  { key: "login", label: "아이디" }, { key: "day", label: "삭제한 날" }, { key: "left", label: "파기까지" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Student} */ student) {
  return [
    [h("a", { class: "row-link", href: `#/students/${student.id}` }, student.name)],
    [orDash(schoolLine(student))],
    [phone(student.parent_phone)],
    [orDash(student.login_id)],
    [day(student.deleted_at)],
    [daysLeft(student.deleted_days_left)],
  ];
}
