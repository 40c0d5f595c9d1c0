import { ApiError } from "../api.js";
import { ExportPanel } from "../exports/panel.js";
import { day, number, phone } from "../format.js";
import { ENROLLMENT_STATES } from "../labels.js";
import { askStudents, enrolledWord } from "../lectures/enrol.js";
import { RosterFilters } from "../lectures/roster-filters.js";
import { lectureView } from "../lectures/tabs.js";
import { schoolLine } from "../students/words.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { Listing, pickedBar } from "../ui/listing.js";
import { errorNotice, explain, notice, smallPrint } from "../ui/notice.js";
import { orDash, wordBadge } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../lectures/client.js").Enrollment} Enrollment @typedef {{ title: string, action: string, text: string, word: string, bad: boolean }} Deed */

const DEEDS = /** @type {Record<"end" | "renew" | "delete", Deed>} */ ({
  end: { title: "수강을 종료할까요?", action: "수강 종료", bad: true, word: "명의 수강을 종료했습니다.", text: "출결 기록은 남고, 언제든 다시 수강 중으로 바꿀 수 있습니다. 학부모에게 알림이 가지 않습니다." },
  renew: { title: "다시 수강 중으로 바꿀까요?", action: "다시 수강", bad: false, word: "명을 다시 수강 중으로 바꿨습니다.", text: "예전 출결이 그대로 이어집니다." },
  delete: { title: "수강 등록을 삭제할까요?", action: "등록 삭제", bad: true, word: "명의 수강 등록을 삭제했습니다.", text: "이 강의의 출결 기록까지 지워지고 되돌릴 수 없습니다. 그만둔 학생이라면 ‘수강 종료’를 쓰세요." },
});

/** `#/lectures/:id/roster?search=…&status=…&session=…`: who is, and was, in a lecture. */
export function lectureRosterPage(/** @type {import("../router.js").Context} */ context) {
  return new RosterPage(context).view();
}

class RosterPage {
  constructor(/** @type {import("../router.js").Context} */ { app, params, query, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.result = h("div", { class: "stack" });
    this.filters = new RosterFilters({ query, signal });
    this.exports = new ExportPanel({ app, signal });
    this.listing = new Listing({
      caption: "수강생 목록", unit: "명", signal, columns: COLUMNS, cells, name: (row) => row.student_name, empty: () => this.#empty(),
      read: (cursor, run) => app.lectures.enrollments({ ...this.filters.values, lecture: this.id, cursor }, run),
    });
    this.filters.addEventListener("change", () => this.#show());
    this.page = lectureView({
      id: this.id, at: "/roster", back: app.router.last("/lectures"),
      actions: [this.exports.button("엑셀로 내보내기", "roster", this.id), h("button", { class: "button button-main", type: "button", onclick: () => this.#add() }, icon("plus"), "수강생 추가")],
    }, this.exports.node, this.result, this.#card());
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#show();
    this.#name();
    this.exports.resume("roster", this.id);
    return this.page;
  }

  #card() {
    const deed = (/** @type {keyof typeof DEEDS} */ name) => h("button", { class: "button", type: "button", onclick: () => this.#do(name) }, DEEDS[name].action);
    return h("section", { class: "card list-card", "aria-label": "수강생 목록" },
      this.filters.node, pickedBar(this.listing, deed("end"), deed("renew"), deed("delete")), this.listing.node);
  }

  #show() {
    this.app.router.keep(this.filters.values);
    this.listing.reload();
  }

  async #name() {
    try {
      this.page.name(await this.app.lectures.show(this.id, this.signal));
      this.filters.offerSessions(await this.app.lectures.sessions(this.id, this.signal));
    } catch (error) {
      if (!this.signal.aborted && error instanceof ApiError && error.status === 404) fill(this.result, notice("warn", "이 강의를 찾을 수 없습니다.", smallPrint(error)));
    }
  }

  #empty() {
    if (Object.keys(this.filters.values).length) return h("p", {}, "맞는 수강생이 없습니다. 검색어나 조건을 줄여 보세요.");
    return h("div", { class: "stack" }, h("p", {}, "아직 수강생이 없습니다."), h("p", { class: "hint" }, "‘수강생 추가’로 한 명씩, 또는 엑셀 명단으로 한 번에 등록할 수 있습니다."),
      h("p", {}, h("a", { class: "button", href: "#/import" }, "명단 등록")));
  }

  async #add() {
    const answer = await askStudents({ app: this.app, signal: this.signal, lecture: this.id });
    if (!answer) return;
    toast(enrolledWord(answer));
    this.listing.reload();
  }

  async #do(/** @type {keyof typeof DEEDS} */ name) {
    const picked = /** @type {Enrollment[]} */ (/** @type {unknown} */ (this.listing.picked));
    const deed = DEEDS[name];
    const shown = picked.slice(0, 5).map((row) => row.student_name).join(", ");
    const answer = await ask({
      title: `${number(picked.length)}명 · ${deed.title}`, action: deed.action, bad: deed.bad, signal: this.signal,
      typed: name === "delete" ? "등록 삭제" : undefined,
      body: [h("p", { class: "names-line" }, picked.length > 5 ? `${shown} 외 ${number(picked.length - 5)}명` : shown), h("p", {}, deed.text)],
      run: () => this.#each(name, picked),
    });
    if (!answer) return;
    fill(this.result, answer.failed.length > 0 && failedNotice(answer.failed));
    if (answer.done) toast(`${number(answer.done)}${deed.word}`);
    this.listing.reload();
  }

  /** One after the other: there is no way to change many at once, and what was done stays done. */
  async #each(/** @type {keyof typeof DEEDS} */ name, /** @type {Enrollment[]} */ rows) {
    const failed = /** @type {{ name: string, error: unknown }[]} */ ([]);
    for (const row of rows) {
      if (this.signal.aborted) break;
      try {
        if (name === "delete") await this.app.lectures.deleteEnrollment(row.id);
        else await this.app.lectures.setStatus(row.id, name === "end" ? "INACTIVE" : "ACTIVE");
      } catch (error) {
        if (!(error instanceof ApiError) || error.status === 401 || error.status === 403) throw error; // the others would fail alike
        failed.push({ name: row.student_name, error });
      }
    }
    return { done: rows.length - failed.length, failed };
  }
}

function failedNotice(/** @type {{ name: string, error: unknown }[]} */ failed) {
  if (failed.length === 1) return errorNotice(failed[0].error, h("p", {}, failed[0].name));
  return notice("bad", `${number(failed.length)}명은 바꾸지 못했습니다.`, h("ul", { class: "reasons" }, ...failed.map(({ name, error }) => h("li", {}, `${name}: ${explain(error)}`))));
}

const COLUMNS = [
  { key: "name", label: "이름" }, { key: "school", label: "학교" }, { key: "phone", label: "학부모 전화" }, { key: "phone-own", label: "학생 전화" },
  { key: "state", label: "상태" }, { key: "day", label: "등록일" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Enrollment} */ row) {
  return [
    [h("a", { class: "row-link", href: `#/students/${row.student_id}` }, row.student_name)],
    [orDash(schoolLine({ school: row.school, grade: row.grade }))],
    [phone(row.parent_phone)],
    [orDash(phone(row.student_phone))],
    [wordBadge(ENROLLMENT_STATES, row.status)],
    [day(row.enrolled_at)],
  ];
}
