import { number } from "../format.js";
import { SESSION_TYPES } from "../labels.js";
import { askLecture } from "../lectures/lecture-form.js";
import { askSession } from "../lectures/session-form.js";
import { lectureView } from "../lectures/tabs.js";
import { dateWord, orderWord, sessionLine } from "../lectures/words.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { load } from "../ui/page.js";
import { dataTable, orDash } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../lectures/client.js").Lecture} Lecture @typedef {import("../lectures/client.js").Session} Session */

/** `#/lectures/:id`: a lecture and its sessions. */
export function lecturePage(/** @type {import("../router.js").Context} */ context) {
  return new LecturePage(context).view();
}

class LecturePage {
  /** @type {Lecture | null} */ #lecture = null;

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.box = h("div");
    const button = (/** @type {string} */ label, /** @type {string} */ kind, /** @type {() => void} */ onclick) => h("button", { class: `button ${kind}`.trim(), type: "button", disabled: true, onclick }, label);
    this.buttons = [
      button("강의 삭제", "button-bad-quiet", () => this.#delete()), button("강의 고치기", "", () => this.#edit()), button("새 차시", "button-main", () => this.#add()),
    ];
    this.page = lectureView({ id: this.id, at: "", back: app.router.last("/lectures"), actions: this.buttons }, this.box);
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#load();
    return this.page;
  }

  #load() {
    return load({
      box: this.box, signal: this.signal, gone: "이 강의를 찾을 수 없습니다.",
      read: () => Promise.all([this.app.lectures.show(this.id, this.signal), this.app.lectures.sessions(this.id, this.signal)]),
      show: ([lecture, sessions]) => this.#show(lecture, sessions),
    });
  }

  #show(/** @type {Lecture} */ lecture, /** @type {Session[]} */ sessions) {
    this.#lecture = lecture;
    this.page.name(lecture);
    for (const each of this.buttons) each.disabled = false;
    const table = dataTable("차시 목록", COLUMNS, "listing");
    for (const session of sessions) table.add(this.#cells(session));
    const blank = h("div", { class: "listing-empty" }, h("p", {}, "아직 차시가 없습니다."), h("p", { class: "hint" }, "‘새 차시’로 만들거나, 명단을 등록하면 1차시가 생깁니다."));
    fill(this.box, lecture.description && h("p", { class: "card lecture-description" }, lecture.description),
      h("section", { class: "card list-card", "aria-label": "차시 목록" }, sessions.length ? h("div", { class: "table-frame" }, table.node) : blank,
        h("div", { class: "table-foot" }, h("p", { class: "hint" }, sessions.length > 0 && `모두 ${number(sessions.length)}개`),
          h("a", { class: "button", href: "#/import" }, icon("upload"), "명단 등록"))));
  }

  /** @returns {import("../ui/dom.js").Child[][]} */
  #cells(/** @type {Session} */ session) {
    const act = (/** @type {string} */ word, /** @type {() => void} */ onclick) => h("button", { class: "button button-small", type: "button", "aria-label": `${orderWord(session)} ${word}`, onclick }, word);
    return [
      [h("a", { class: "row-link", href: `#/lectures/${this.id}/attendance?session=${session.id}` }, orderWord(session))],
      [orDash(session.title === orderWord(session) ? "" : session.title)],
      [orDash(dateWord(session.date))],
      [SESSION_TYPES[session.session_type] ?? session.session_type],
      [h("span", { class: "row-actions" }, act("고치기", () => this.#change(session)), act("삭제", () => this.#remove(session)))],
    ];
  }

  async #edit() {
    if (!this.#lecture || !(await askLecture({ app: this.app, signal: this.signal, lecture: this.#lecture }))) return;
    toast("강의 정보를 저장했습니다.");
    await this.#load();
  }

  async #delete() {
    const lecture = this.#lecture;
    if (!lecture) return;
    const done = await ask({
      title: "강의를 삭제할까요?", action: "강의 삭제", bad: true, signal: this.signal,
      body: [h("p", { class: "names-line" }, lecture.title), h("p", {}, "차시도 함께 삭제됩니다. 수강 등록이 하나라도 있으면 삭제되지 않습니다. 그때는 ‘강의 고치기’에서 운영을 꺼 주세요.")],
      run: async () => {
        await this.app.lectures.delete(lecture.id);
        return true;
      },
    });
    if (!done) return;
    toast("강의를 삭제했습니다.");
    this.app.router.go("/lectures");
  }

  async #add() {
    const made = await askSession({ app: this.app, signal: this.signal, lecture: this.id });
    if (!made) return;
    toast(`${orderWord(made.session)}를 만들었습니다.${made.put ? ` 학생 ${number(made.put)}명을 넣었습니다.` : ""}`,
      { href: `#/lectures/${this.id}/attendance?session=${made.session.id}`, label: "출결 보기" });
    await this.#load();
  }

  async #change(/** @type {Session} */ session) {
    if (!(await askSession({ app: this.app, signal: this.signal, lecture: this.id, session }))) return;
    await this.#load();
    announce("차시를 저장했습니다.");
  }

  async #remove(/** @type {Session} */ session) {
    const done = await ask({
      title: "차시를 삭제할까요?", action: "차시 삭제", bad: true, signal: this.signal,
      body: [h("p", { class: "names-line" }, sessionLine(session)), h("p", {}, "이 차시에 넣은 학생 목록도 함께 사라집니다. 출결을 하나라도 적었다면 삭제되지 않습니다.")],
      run: async () => {
        await this.app.lectures.deleteSession(session.id);
        return true;
      },
    });
    if (!done) return;
    toast(`${orderWord(session)}를 삭제했습니다.`);
    await this.#load();
  }
}

const COLUMNS = [
  { key: "name", label: "차시" }, { key: "what", label: "이름" }, { key: "day", label: "날짜" }, { key: "what", label: "구분" }, { key: "act", label: "할 일" },
];
