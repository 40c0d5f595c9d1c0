import { ApiError } from "../api.js";
import { ExportPanel } from "../exports/panel.js";
import { number, today } from "../format.js";
import { ATTENDANCE_STATES } from "../labels.js";
import { Grid } from "../lectures/grid/grid.js";
import { Model } from "../lectures/grid/model.js";
import { askColumn, askMemo, askSecession, askSecessions, PUT } from "../lectures/grid/questions.js";
import { Saver } from "../lectures/grid/saver.js";
import { toolbar } from "../lectures/grid/toolbar.js";
import { undoBar } from "../lectures/grid/undo-bar.js";
import { lectureView } from "../lectures/tabs.js";
import { orderWord } from "../lectures/words.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice, notice, smallPrint } from "../ui/notice.js";
import { load } from "../ui/page.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../lectures/grid/model.js").Place} Place */

const STALE_MS = 60_000;

/** `#/lectures/:id/attendance?session=…`: who was there, by keyboard. */
export function lectureAttendancePage(/** @type {import("../router.js").Context} */ context) {
  return new AttendancePage(context).view();
}

class AttendancePage {
  /** @type {Model | null} */ #model = null;
  #readAt = 0;
  #stale = false; // what is shown is known to be old; it is read anew once nothing is on its way

  constructor(/** @type {import("../router.js").Context} */ { app, params, query, signal }) {
    this.app = app;
    this.id = params.id;
    this.asked = query.get("session");
    this.signal = signal;
    this.box = h("div");
    this.trouble = h("div");
    this.undos = h("div", { class: "stack" });
    this.grid = new Grid();
    this.saver = new Saver(app.lectures);
    this.tools = toolbar({ onMark: (status) => this.#mark(this.grid.place, status), onMemo: () => this.#memo(this.grid.place) });
    this.search = h("input", { class: "input", type: "search", "aria-label": "학생 찾기", placeholder: "이름·전화번호로 찾기", oninput: () => this.#filter() });
    this.ended = h("input", { type: "checkbox", class: "check", onchange: () => this.#filter() });
    this.count = h("p", { class: "hint" });
    this.saved = h("p", { class: "hint grid-saved" });
    this.exports = new ExportPanel({ app, signal });
    this.page = lectureView({
      id: this.id, at: "/attendance", back: app.router.last("/lectures"),
      actions: [this.exports.button("엑셀로 내보내기", "attendance", this.id), h("button", { class: "button", type: "button", onclick: () => this.#again() }, "새로 고침")],
    }, this.exports.node, this.undos, this.trouble, this.box);
    this.#listen();
  }

  /** @returns {import("../router.js").View} */
  view() {
    load({
      box: this.box, signal: this.signal, gone: "이 강의를 찾을 수 없습니다.",
      read: () => this.app.lectures.matrix(this.id, this.signal), show: (matrix) => this.#show(new Model(matrix)),
    });
    this.exports.resume("attendance", this.id);
    return this.page;
  }

  #listen() {
    const { signal } = this;
    this.grid.addEventListener("move", () => this.#model && this.tools.point(this.#model, this.grid.place, this.grid.column));
    this.grid.addEventListener("mark", (event) => this.#mark(detail(event).place, detail(event).status));
    this.grid.addEventListener("memo", (event) => this.#memo(detail(event)));
    this.grid.addEventListener("column", (event) => this.#column(detail(event)));
    this.saver.addEventListener("change", () => this.#onSaved());
    window.addEventListener("beforeunload", (event) => this.saver.waiting > 0 && event.preventDefault(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && Date.now() - this.#readAt > STALE_MS && this.#model && this.#refresh(), { signal });
  }

  #onSaved() {
    const { waiting } = this.saver;
    this.saved.textContent = waiting ? `저장하는 중 ${number(waiting)}` : this.trouble.childElementCount ? "" : "모두 저장했습니다.";
    if (waiting || !this.#stale) return;
    this.#stale = false;
    this.#refresh();
  }

  #show(/** @type {Model} */ model) {
    const first = !this.#model;
    this.#model = model;
    this.#readAt = Date.now();
    this.page.name(model.lecture);
    if (model.sessions.length === 0 || model.students.length === 0) return fill(this.box, this.#empty(model));
    const keys = h("p", { class: "hint" }, "화살표로 옮기고 숫자로 적습니다. 적으면 아래 학생으로 내려갑니다. Enter는 메모, 차시 이름에서는 한꺼번에 바꾸기입니다.");
    if (!this.grid.frame.isConnected) {
      const filters = h("div", { class: "filters grid-filters" }, h("div", { class: "search" }, icon("search"), this.search),
        h("label", { class: "check-line" }, this.ended, "수강을 끝낸 학생도 보기"), this.count, this.saved);
      fill(this.box, h("section", { class: "card list-card grid-card", "aria-label": "출결" }, filters, this.tools.node, this.grid.frame, keys));
    }
    if (first) this.grid.show(model, model.startColumn(this.asked, today()));
    else this.grid.show(model);
    this.#filter();
    if (first) this.grid.reveal();
  }

  #empty(/** @type {Model} */ model) {
    const what = model.sessions.length === 0 ? ["차시가 없습니다.", "‘차시’에서 새 차시를 만들어 주세요.", `#/lectures/${this.id}`, "차시로"]
      : ["수강생이 없습니다.", "‘수강생’에서 학생을 추가하거나 명단을 등록해 주세요.", `#/lectures/${this.id}/roster`, "수강생으로"];
    return h("section", { class: "card listing-empty" }, h("div", { class: "stack" }, h("p", {}, what[0]), h("p", { class: "hint" }, what[1]), h("p", {}, h("a", { class: "button", href: what[2] }, what[3]))));
  }

  #filter() {
    const model = this.#model;
    if (!model) return;
    const wanted = this.search.value.normalize("NFC").replaceAll(/[\s-]+/g, "");
    const shown = this.grid.filter((row) => {
      const { name, parent_phone, student_phone, enrollment_status } = model.students[row];
      if (enrollment_status === "INACTIVE" && !this.ended.checked) return false;
      return !wanted || [name.replaceAll(/\s+/g, ""), parent_phone, student_phone ?? ""].some((each) => each.includes(wanted));
    });
    this.count.textContent = shown ? `학생 ${number(shown)}명 · 차시 ${number(model.sessions.length)}개` : "맞는 학생이 없습니다.";
  }

  #again() {
    fill(this.trouble);
    this.#refresh();
  }

  /** Read anew; what differs is painted, and only another shape is drawn from the beginning. */
  async #refresh() {
    if (this.saver.waiting) {
      this.#stale = true;
      return;
    }
    try {
      const model = new Model(await this.app.lectures.matrix(this.id, this.signal));
      if (this.saver.waiting) return; // what was typed meanwhile is newer
      if (!this.#model?.fits(model)) return this.#show(model);
      this.#adopt(this.#model, model);
      this.#readAt = Date.now();
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, errorNotice(error, h("button", { class: "button", type: "button", onclick: () => this.#refresh() }, "다시 불러오기")));
    }
  }

  #adopt(/** @type {Model} */ before, /** @type {Model} */ now) {
    const marks = now.students.flatMap((student) => Object.values(student.attendance));
    if (marks.some((mark) => !before.placeOf(mark.attendance_id)) || before.students.some((student, row) => Object.keys(student.attendance).length !== Object.keys(now.students[row].attendance).length)) {
      return this.#show(now); // somebody was put into a session, or taken out
    }
    this.#take(marks.map((mark) => ({ ...mark, id: mark.attendance_id })));
  }

  /** What the service says of marks. */
  #take(/** @type {{ id: string, status: string, memo: string }[]} */ rows) {
    const columns = new Set();
    for (const { id, status, memo } of rows) {
      const place = this.#model?.placeOf(id);
      const mark = place && this.#model?.mark(place);
      if (!place || !mark || (mark.status === status && mark.memo === memo)) continue;
      Object.assign(mark, { status, memo });
      this.grid.paint(place);
      columns.add(place.column);
    }
    for (const column of columns) this.grid.count(column);
    if (this.#model) this.tools.point(this.#model, this.grid.place, this.grid.column);
  }

  #mark(/** @type {Place | null} */ place, /** @type {string} */ status) {
    const mark = place && this.#model?.mark(place);
    if (!place || !mark) return announce("이 차시에 없는 학생입니다. 차시 이름을 눌러 넣을 수 있습니다.");
    if (mark.status === "SECESSION") return announce("퇴원 처리된 출결은 바꿀 수 없습니다.");
    if (status === "SECESSION") return this.#secede(place);
    this.grid.paint(place, status);
    announce(ATTENDANCE_STATES[status].label);
    this.grid.next();
    this.#save(place, { status });
  }

  async #save(/** @type {Place} */ place, /** @type {{ status?: string, memo?: string }} */ changes) {
    const mark = this.#model?.mark(place);
    if (!mark) return;
    try {
      if (await this.saver.save(mark, changes)) this.#painted(place);
    } catch (error) {
      this.#painted(place);
      this.#refused(error, place);
    }
  }

  #painted(/** @type {Place} */ place) {
    this.grid.paint(place);
    this.grid.count(place.column);
    if (this.#model) this.tools.point(this.#model, this.grid.place, this.grid.column);
  }

  #refused(/** @type {unknown} */ error, /** @type {Place} */ place) {
    if (this.signal.aborted || !this.#model) return;
    const who = `${this.#model.students[place.row].name} · ${orderWord(this.#model.sessions[place.column])}`;
    fill(this.trouble, errorNotice(error, h("p", {}, `${who}: 저장하지 못해 전의 출결을 보입니다.`)));
    if (error instanceof ApiError && [404, 409].includes(error.status)) this.#refresh(); // somebody was faster
  }

  async #secede(/** @type {Place} */ place) {
    const model = this.#model;
    const mark = model?.mark(place);
    if (!model || !mark) return;
    const done = await askSecession({ model, place, signal: this.signal, run: () => this.app.lectures.mark(mark.attendance_id, { status: "SECESSION", confirm_secession: true }) });
    if (!done) return this.grid.focus();
    toast(`${model.students[place.row].name} 학생을 퇴원 처리했습니다.`);
    await this.#refresh();
    this.grid.focus();
  }

  async #memo(/** @type {Place | null} */ place) {
    const model = this.#model;
    const mark = place && model?.mark(place);
    if (!model || !place || !mark) return;
    const done = await askMemo({ model, place, signal: this.signal, run: (memo) => this.saver.save(mark, { memo }) });
    if (done !== undefined) this.#painted(place);
    this.grid.focus();
  }

  async #column(/** @type {number} */ column) {
    const model = this.#model;
    const wish = model && (await askColumn({ model, column, signal: this.signal }));
    if (!model || !wish?.status) return this.grid.focus();
    try {
      if (wish.status === PUT) await this.#putIn(model, column);
      else await this.#setAll(model, column, wish);
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, error instanceof ApiError && error.status === 422 ? notice("warn", error.message, smallPrint(error)) : errorNotice(error));
    }
    this.grid.focus();
  }

  async #putIn(/** @type {Model} */ model, /** @type {number} */ column) {
    const put = await this.app.lectures.intoSession(model.sessions[column].id, model.missing(column));
    toast(`${orderWord(model.sessions[column])}에 ${number(put)}명을 넣었습니다.`);
    await this.#refresh();
  }

  async #setAll(/** @type {Model} */ model, /** @type {number} */ column, /** @type {{ status: string, onlyUnset: boolean }} */ { status, onlyUnset }) {
    const session = model.sessions[column];
    const run = (/** @type {boolean} */ confirm_secession) => this.app.lectures.setAll({ session: session.id, status, only_unset: onlyUnset, confirm_secession });
    const gone = status === "SECESSION";
    const meant = model.students.filter(({ attendance: { [session.id]: mark } }) => mark && (onlyUnset ? mark.status === "UNSET" : mark.status !== "SECESSION"));
    if (gone && meant.length === 0) return announce("퇴원 처리할 학생이 없습니다.");
    const answer = gone ? await askSecessions({ model, column, count: meant.length, run: () => run(true), signal: this.signal }) : await run(false);
    if (!answer) return;
    fill(this.trouble);
    this.#take(answer.results);
    const text = `${orderWord(session)}: ${number(answer.changed)}명을 ‘${ATTENDANCE_STATES[status].label}’ 처리했습니다.${answer.unchanged ? ` ${number(answer.unchanged)}명은 그대로입니다.` : ""}`;
    announce(text);
    if (gone) await this.#refresh();
    this.undos.prepend(answer.undo_token ? this.#undoBar(text, answer.undo_token) : notice("info", text));
  }

  #undoBar(/** @type {string} */ text, /** @type {string} */ token) {
    return undoBar({ text, signal: this.signal, refused: () => this.#refresh(), undo: async () => this.#take((await this.app.lectures.undoAll(token)).results) });
  }
}

/** @returns {any} */
function detail(/** @type {Event} */ event) {
  return /** @type {CustomEvent} */ (event).detail;
}
