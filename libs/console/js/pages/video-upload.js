import { size } from "../format.js";
import { ACCEPT, checkVideo, fingerprint, titleOf } from "../media/upload/file-check.js";
import { leftovers } from "../media/upload/leftover.js";
import { uploadsPanel } from "../media/upload/panel.js";
import { PolicyFields } from "../media/policy-fields.js";
import { LectureField } from "../roster/lecture-field.js";
import { SessionField } from "../roster/session-field.js";
import { Dropzone } from "../ui/dropzone.js";
import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { notice, smallPrint } from "../ui/notice.js";
import { pageOf, step, workButton } from "../ui/page.js";

/** @typedef {{ file: File, title: HTMLInputElement, line: import("../ui/field.js").Field, node: HTMLElement }} Chosen */

/** `#/videos/upload`: for which session, which files, how they may be watched. */
export function videoUploadPage(/** @type {import("../router.js").Context} */ context) {
  return new VideoUploadPage(context).view();
}

class VideoUploadPage {
  /** @type {Chosen[]} */ #chosen = [];
  #most = Infinity; // bytes of a file, until the academy's limit is known

  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.query = query;
    this.signal = signal;
    this.lecture = new LectureField({ client: app.roster, signal });
    this.session = new SessionField({ client: app.roster, signal, needed: true });
    this.drop = new Dropzone({
      accept: ACCEPT, prompt: "영상 파일을 여기에 놓거나 눌러서 고르세요", many: true, signal,
      limits: "여러 개도 됩니다. mp4, mov, webm 등",
    });
    this.files = field({ label: "영상 파일", control: this.drop.node, target: this.drop.input, quiet: true });
    this.policy = new PolicyFields();
    this.list = h("ul", { class: "chosen-list" });
    this.room = h("p", { class: "hint" });
    this.trouble = h("div", { class: "stack" });
    this.form = h("div", { class: "card roster-form" });
    this.lecture.addEventListener("change", () => this.session.show(this.lecture.value, query.get("session")));
    this.lecture.addEventListener("forbidden", (event) => this.#forbidden(/** @type {CustomEvent} */ (event).detail));
    this.drop.addEventListener("files", (event) => this.#choose(/** @type {CustomEvent} */ (event).detail));
  }

  /** @returns {import("../router.js").View} */
  view() {
    const { app, signal } = this;
    fill(this.form,
      step("어느 차시의 영상인가요?", this.lecture.node, this.session.node),
      step("영상 파일을 골라 주세요", this.files.node, this.room, this.list),
      step("학생이 어떻게 보게 할까요?", this.policy.node),
      h("div", { class: "actions submit-row" },
        workButton("올리기", { kind: "button-main", symbol: "upload", trouble: this.trouble, run: () => this.#submit() }),
        h("p", { class: "hint" }, "연결이 끊기거나 창이 닫혀도, 같은 파일을 다시 고르면 이어서 올립니다.")),
      this.trouble);
    this.lecture.load(this.query.get("lecture"));
    this.#showRoom();
    return pageOf({ title: "영상 올리기", crumb: { href: app.router.last("/videos"), label: "강의 영상" } },
      uploadsPanel({ app, signal }), leftovers({ app, signal }), this.form);
  }

  /** What the academy may still store; without it the server says no when it must. */
  async #showRoom() {
    const limits = await this.app.media.limits(this.signal).catch(() => null);
    if (!limits) return;
    this.#most = limits.max_video_bytes;
    const free = Math.max(0, limits.quota_bytes - limits.used_bytes);
    this.room.textContent = `파일 하나에 ${size(limits.max_video_bytes)}까지 · 저장 공간 ${size(limits.quota_bytes)} 중 ${size(free)} 남음`;
  }

  #forbidden(/** @type {unknown} */ error) {
    fill(this.form, notice("warn", "이 계정으로는 영상을 올릴 수 없습니다.", h("p", {}, "원장·관리자·강사·직원 계정의 로그인 링크로 들어와 주세요."), smallPrint(error)));
  }

  #choose(/** @type {File[]} */ files) {
    const known = new Set(this.#chosen.map((each) => fingerprint(each.file)));
    const wrong = [];
    for (const file of files) {
      const complaint = checkVideo(file, this.#most);
      if (complaint) wrong.push(`${file.name}: ${complaint}`);
      else if (!known.has(fingerprint(file))) this.#add(file);
    }
    this.files.setError(wrong.join(" "));
    announce(`${this.#chosen.length}개 파일을 골랐습니다.`);
  }

  #add(/** @type {File} */ file) {
    const title = h("input", { class: "input", type: "text", maxlength: "255", autocomplete: "off", value: titleOf(file) });
    const line = field({ label: "제목", control: title, hint: `${file.name.normalize("NFC")} · ${size(file.size)}` });
    title.addEventListener("input", () => line.setError(""));
    const remove = h("button", { class: "icon-button", type: "button", "aria-label": `${file.name} 빼기`, onclick: () => this.#drop(chosen) }, icon("cross"));
    const chosen = { file, title, line, node: h("li", { class: "chosen" }, line.node, remove) };
    this.#chosen.push(chosen);
    this.list.append(chosen.node);
  }

  #drop(/** @type {Chosen} */ chosen) {
    this.#chosen = this.#chosen.filter((each) => each !== chosen);
    chosen.node.remove();
    this.drop.input.focus();
  }

  #valid() {
    this.lecture.field.setError(this.lecture.value ? "" : "강의를 골라 주세요.");
    this.session.field.setError(!this.lecture.value || this.session.value ? "" : "차시를 골라 주세요.");
    if (this.#chosen.length === 0) this.files.setError("영상 파일을 골라 주세요.");
    for (const { title, line } of this.#chosen) line.setError(title.value.trim() ? "" : "제목을 적어 주세요.");
    const fields = [this.lecture.field, this.session.field, ...(this.#chosen.length ? [] : [this.files]), ...this.#chosen.map((each) => each.line)];
    const wrong = fields.find((each) => each.hasError());
    wrong?.focus();
    return !wrong;
  }

  /** A file that was begun before goes on; the others begin. */
  async #submit() {
    if (!this.#valid()) return;
    const session = /** @type {string} */ (this.session.value);
    const begun = await this.app.media.openUploads(this.signal);
    const policy = this.policy.read();
    for (const { file, title } of this.#chosen) {
      const open = begun.find(({ upload }) => upload.fingerprint === fingerprint(file) && upload.size_bytes === file.size);
      if (open) this.app.uploads.resume(file, open);
      else this.app.uploads.add(file, { session, title: title.value.trim(), ...policy });
    }
    this.#chosen = [];
    fill(this.list);
    this.files.setError("");
    announce("올리기 시작했습니다.");
    window.scrollTo(0, 0);
  }
}
