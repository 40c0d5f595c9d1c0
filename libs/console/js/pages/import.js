import { ApiError } from "../api.js";
import { size } from "../format.js";
import { Attempt } from "../roster/attempt.js";
import { ACCEPT, MAX_MB, TOO_LARGE, checkFile } from "../roster/file-check.js";
import { LectureField } from "../roster/lecture-field.js";
import { recentList } from "../roster/recent-list.js";
import { SessionField } from "../roster/session-field.js";
import { Dropzone } from "../ui/dropzone.js";
import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice, notice, smallPrint } from "../ui/notice.js";
import { pageHead, step, workButton } from "../ui/page.js";
import { passwordInput } from "../ui/password.js";
import { progressPanel } from "../ui/progress.js";
import { save } from "../ui/save.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../roster/client.js").Draft} Draft @typedef {import("../ui/field.js").Field} Field */

const MIN_PASSWORD = 4;

/** Where a roster goes: into a lecture, or only among the students. */
const KINDS = {
  lecture: {
    path: "/import", title: "명단 등록", lead: "엑셀 명단을 올리면 학생을 찾거나 새로 만들어 강의에 등록합니다.",
    once: "같은 파일을 두 번 올려도 학생이 두 번 등록되지 않습니다.",
  },
  students: {
    path: "/students/excel", title: "엑셀로 학생 등록", lead: "엑셀 명단을 올리면 없는 학생만 새로 만듭니다. 강의에는 등록하지 않습니다.",
    once: "이미 있는 학생은 그대로 두고, 삭제된 학생은 되살립니다.",
  },
};

/** `#/import`; `?from=<job>` starts from an earlier upload, `&go=force` sends it again at once. */
export function importPage(/** @type {import("../router.js").Context} */ context) {
  return new ImportPage(context, KINDS.lecture).view();
}

/** `#/students/excel`: the same without a lecture. */
export function studentsImportPage(/** @type {import("../router.js").Context} */ context) {
  return new ImportPage(context, KINDS.students).view();
}

class ImportPage {
  #attempt = new Attempt();
  #sending = false;

  /** @param {import("../router.js").Context} context @param {typeof KINDS.lecture} kind */
  constructor({ app, query, signal }, kind) {
    this.app = app;
    this.kind = kind;
    this.withLecture = kind === KINDS.lecture;
    this.query = query;
    this.signal = signal;
    this.lecture = new LectureField({ client: app.roster, signal });
    this.session = new SessionField({ client: app.roster, signal });
    this.drop = new Dropzone({ accept: ACCEPT, prompt: "엑셀 파일을 여기에 놓거나 눌러서 고르세요", limits: `.xlsx 파일 하나, ${MAX_MB} MB까지`, signal });
    this.password = passwordInput({ autocomplete: "new-password", maxlength: "128", autocapitalize: "off", spellcheck: "false" });
    this.fields = this.#buildFields();
    this.recent = recentList({ app, signal, titleOf: (id) => this.lecture.titleOf(id) });
    this.controls = h("fieldset", { class: "bare" });
    this.result = h("div", { class: "stack" });
    this.content = h("div", { class: "columns" });
    this.#listen();
  }

  /** @returns {Record<string, Field>} by the API's names */
  #buildFields() {
    const target = { lecture_id: this.lecture.field, session_id: this.session.field };
    return {
      .../** @type {Record<string, Field>} */ (this.withLecture ? target : {}),
      file: field({ label: "명단 파일", control: this.drop.node, target: this.drop.input, quiet: true }),
      initial_password: field({
        label: "초기 비밀번호", control: this.password.node, target: this.password.input,
        hint: "4자 이상. 이번에 새로 만들어지는 학생·학부모 계정에만 쓰이고, 처음 로그인할 때 바꾸게 됩니다.",
      }),
    };
  }

  /** @returns {import("../router.js").View} */
  view() {
    fill(this.controls,
      this.withLecture && step("어느 강의에 등록할까요?", this.lecture.node, this.session.node),
      step("명단 파일을 올려 주세요", this.fields.file.node),
      step("새 계정의 비밀번호를 정해 주세요", this.fields.initial_password.node),
      h("div", { class: "actions submit-row" },
        h("button", { class: "button", type: "submit", value: "preview" }, "미리보기"),
        h("button", { class: "button button-main", type: "submit", value: "apply" }, "등록하기"),
        h("p", { class: "hint" }, "미리보기는 아무것도 저장하지 않고 결과만 보여 줍니다.")));
    const form = h("form", {
      class: "card roster-form", novalidate: true,
      onsubmit: (/** @type {SubmitEvent} */ event) => this.#onSubmit(event),
    }, this.controls, this.result);
    fill(this.content, form, h("div", { class: "stack" }, fileTips(this.kind.once), this.recent.node));
    this.#start();
    const { title, lead } = this.kind;
    const crumb = this.withLecture ? undefined : { href: this.app.router.last("/students"), label: "학생" };
    const history = h("a", { class: "button", href: "#/imports" }, icon("clock"), "가져오기 이력");
    const template = workButton("빈 양식 받기", { symbol: "download", trouble: this.result, run: () => this.#template() });
    return { title, node: h("div", {}, pageHead({ title, lead, crumb, actions: [template, history] }), this.content) };
  }

  async #template() {
    const { blob, name } = await this.app.roster.template(this.signal);
    save(blob, name);
    toast(`‘${name}’ 파일을 받았습니다. 예시 두 줄은 지우지 않아도 건너뜁니다.`);
  }

  #listen() {
    this.lecture.addEventListener("change", () => this.session.show(this.lecture.value));
    this.lecture.addEventListener("forbidden", (event) => this.#forbidden(/** @type {CustomEvent} */ (event).detail));
    this.drop.addEventListener("change", async () => this.fields.file.setError(this.drop.file ? await checkFile(this.drop.file) : ""));
    this.password.input.addEventListener("input", () => this.fields.initial_password.setError(""));
    window.addEventListener("beforeunload", (event) => this.#sending && event.preventDefault(), { signal: this.signal });
  }

  /** Fill in what is known of an earlier upload, and send it if that was asked for. */
  async #start() {
    const from = this.query.get("from");
    const sent = from && this.app.sent?.jobId === from ? this.app.sent.draft : null;
    const lectureId = sent?.lectureId ?? (from ? this.app.recent.find(from)?.lectureId || null : null);
    const go = this.query.get("go");
    if (go) this.app.router.keep({}); // a reload must not send it again
    if (go && !sent) {
      fill(this.result, notice("info", "명단 파일을 다시 골라 주세요.", h("p", {}, `화면을 새로 열어 파일이 남아 있지 않습니다.${this.withLecture ? " 강의는 골라 두었습니다." : ""}`)));
    }
    const ready = this.withLecture ? this.lecture.load(lectureId) : null;
    if (go && sent) {
      this.drop.set(sent.file);
      this.password.input.value = sent.password;
      await this.#once(() => this.#send({ ...sent, force: true }));
    }
    await ready;
    this.recent.draw(); // now with the lectures' titles
  }

  #forbidden(/** @type {unknown} */ error) {
    fill(this.content, notice("warn", "이 계정으로는 명단을 등록할 수 없습니다.",
      h("p", {}, "원장·관리자·강사·직원 계정의 로그인 링크로 들어와 주세요."), smallPrint(error)));
  }

  #onSubmit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    this.#once(() => this.#submit(button?.value !== "apply")); // Enter in a field previews: the safe one
  }

  /** One sending at a time: a second click finds it taken from the very first moment. */
  async #once(/** @type {() => Promise<void>} */ work) {
    if (this.#sending) return;
    this.#sending = true;
    try {
      await work();
    } finally {
      this.#sending = false;
    }
  }

  async #submit(/** @type {boolean} */ dryRun) {
    if (!(await this.#valid())) return;
    await this.#send({
      lectureId: this.withLecture ? this.lecture.value : null, sessionId: this.withLecture ? this.session.value : null,
      file: /** @type {File} */ (this.drop.file), password: this.password.input.value, dryRun, force: false,
    });
  }

  async #valid() {
    const { lecture_id, file, initial_password } = this.fields;
    lecture_id?.setError(this.lecture.value ? "" : "강의를 골라 주세요.");
    file.setError(await checkFile(this.drop.file));
    const length = this.password.input.value.trim().length;
    initial_password.setError(length >= MIN_PASSWORD ? "" : `비밀번호를 ${MIN_PASSWORD}자 이상 적어 주세요.`);
    return this.#focusFirstError();
  }

  /** @returns {boolean} whether there was none */
  #focusFirstError() {
    const wrong = Object.values(this.fields).find((each) => each.hasError());
    wrong?.focus();
    return !wrong;
  }

  async #send(/** @type {Draft} */ draft) {
    this.fields.file.setError(await checkFile(draft.file)); // it may have changed on the disk since it was chosen
    if (!this.#focusFirstError()) return;
    const stop = new AbortController();
    const panel = this.#showUpload(stop);
    this.controls.disabled = true;
    try {
      const onProgress = (/** @type {number} */ done, /** @type {number} */ total) => panel.set(uploadReading(done, total));
      const signal = AbortSignal.any([stop.signal, this.signal]);
      const accepted = await this.app.roster.startImport(draft, { key: this.#attempt.keyFor(draft), signal, onProgress });
      this.#accepted(draft, accepted);
    } catch (error) {
      this.controls.disabled = false;
      this.#refused(draft, error, stop.signal.aborted);
    }
  }

  #showUpload(/** @type {AbortController} */ stop) {
    const panel = progressPanel();
    panel.set(uploadReading(0, 0));
    const cancel = h("button", { class: "button", type: "button", onclick: () => stop.abort() }, "올리기 취소");
    const box = h("div", { class: "upload", tabindex: "-1" }, panel.node, cancel);
    fill(this.result, box);
    announce("파일을 올리기 시작했습니다.");
    box.focus(); // not the button: a second Enter must not cancel
    return panel;
  }

  #accepted(/** @type {Draft} */ draft, /** @type {{ job_id: string, status: string }} */ accepted) {
    this.#attempt.settle();
    const known = this.app.recent.find(accepted.job_id);
    const repeated = !draft.force && (known !== undefined || accepted.status === "DONE");
    this.app.sent = { jobId: accepted.job_id, draft };
    this.app.recent.add({
      id: accepted.job_id, file: draft.file.name, lectureId: draft.lectureId ?? "", dryRun: draft.dryRun,
      at: known?.at ?? Date.now(), status: accepted.status,
    });
    this.app.router.go(`/jobs/${accepted.job_id}${repeated ? "?repeated=1" : ""}`);
  }

  #refused(/** @type {Draft} */ draft, /** @type {unknown} */ error, /** @type {boolean} */ cancelled) {
    fill(this.result);
    if (this.signal.aborted) return;
    if (cancelled) {
      fill(this.result, notice("info", "올리기를 취소했습니다."));
      return;
    }
    if (error instanceof ApiError && !error.transient && error.status !== 409) this.#attempt.settle();
    if (error instanceof ApiError && this.#showFieldErrors(error)) return;
    const again = h("button", { class: "button", type: "button", onclick: () => this.#once(() => this.#send(draft)) }, "다시 시도");
    const calm = h("p", {}, "다시 시도해도 같은 작업이 두 번 접수되지 않습니다.");
    fill(this.result, errorNotice(error, calm, again));
    again.focus();
  }

  /** @returns {boolean} whether every complaint of the server has found its field */
  #showFieldErrors(/** @type {ApiError} */ error) {
    if (error.status === 413) this.fields.file.setError(TOO_LARGE);
    for (const [name, messages] of Object.entries(error.errors)) this.fields[name]?.setError(messages.join(" "));
    if (this.#focusFirstError()) return false;
    fill(this.result, notice("bad", error.message, smallPrint(error)));
    return true;
  }
}

/** What a roster must have, said before it fails. */
function fileTips(/** @type {string} */ once) {
  const tips = [
    "‘이름’과 ‘학부모 전화번호’ 칸 제목이 있는 시트면 됩니다. 제목 줄이 몇 번째 줄이어도 괜찮습니다.",
    "전화번호 앞의 0이 빠졌거나 띄어쓰기·하이픈이 있어도 알아서 맞춥니다.",
    "잘못된 행만 실패하고 나머지는 등록됩니다. 행마다 사유를 보여 드립니다.",
    once,
  ];
  return h("aside", { class: "card tips", "aria-labelledby": "tips-title" },
    h("h2", { id: "tips-title", class: "card-title" }, "이런 파일이면 됩니다"),
    h("ul", {}, ...tips.map((tip) => h("li", {}, tip))));
}

/** @returns {import("../ui/progress.js").Reading} */
function uploadReading(/** @type {number} */ done, /** @type {number} */ total) {
  if (total === 0) return { percent: null, label: "파일 올리는 중" };
  if (done >= total) return { percent: 100, label: "접수 확인 중", left: `${size(total)} 보냄` };
  return { percent: (100 * done) / total, label: "파일 올리는 중", left: `${size(done)} / ${size(total)}` };
}
