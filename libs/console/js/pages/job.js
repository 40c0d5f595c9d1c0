import { ApiError } from "../api.js";
import { number, timeLeft, when } from "../format.js";
import { STEPS } from "../labels.js";
import { OutcomeTable, sentence, studentsOnly, summary } from "../roster/outcome.js";
import { ended, watchJob } from "../roster/watch.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice, smallPrint } from "../ui/notice.js";
import { progressPanel } from "../ui/progress.js";
import { badge } from "../ui/table.js";

/** @typedef {import("../roster/client.js").Job} Job */

const LONG_WAIT_MS = 60_000;

/** `#/jobs/<id>`: one import, from waiting to its outcome. `?repeated=1`: this file had been sent before. */
export function jobPage(/** @type {import("../router.js").Context} */ context) {
  return new JobPage(context).view();
}

class JobPage {
  #said = "";
  #percent = 0;

  constructor(/** @type {import("../router.js").Context} */ { app, params, query, signal }) {
    this.app = app;
    this.id = params.id;
    this.repeated = query.has("repeated");
    this.signal = signal;
    this.entry = app.recent.find(this.id);
    this.title = this.entry?.file ?? "명단 등록 작업";
    this.facts = h("p", { class: "facts" });
    this.trouble = h("div", { class: "stack" });
    this.body = h("div", { class: "stack" });
    this.panel = progressPanel();
    this.start = this.entry?.lectureId === "" ? "#/students/excel" : "#/import";
    this.crumb = h("a", { href: this.start }, "명단 등록");
  }

  /** @returns {import("../router.js").View} */
  view() {
    fill(this.body, h("section", { class: "card" }, this.panel.node,
      h("p", { class: "hint" }, "이 창을 닫아도 처리는 계속됩니다. 나중에 ‘최근 작업’에서 결과를 볼 수 있습니다.")));
    this.panel.set({ percent: null, label: "작업을 불러오는 중" });
    watchJob({
      ask: () => this.app.roster.job(this.id, this.signal), signal: this.signal,
      onJob: (job) => this.#onJob(job),
      onTrouble: (error) => this.#onTrouble(error),
      onRefused: (error) => this.#onRefused(error),
    });
    return { title: this.title, node: h("div", {}, h("header", { class: "page-head" },
      h("p", { class: "crumb" }, this.crumb),
      h("h1", { tabindex: "-1" }, this.title), this.facts), h("div", { class: "stack" }, this.trouble, this.body)) };
  }

  #onJob(/** @type {Job} */ job) {
    if (job.result) this.start = studentsOnly(job.result) ? "#/students/excel" : "#/import";
    this.crumb.href = this.start;
    this.#showFacts(job);
    if (this.entry && this.entry.status !== job.status) this.app.recent.setStatus(this.id, job.status);
    if (job.status === "DONE" && job.result) this.#showOutcome(job, job.result);
    else if (ended(job.status)) this.#showFailure(job);
    else this.#showProgress(job);
  }

  #showFacts(/** @type {Job} */ job) {
    const words = [job.result?.lecture_title, job.created_at && `${when(job.created_at)} 접수`].filter(Boolean).join(" · ");
    fill(this.facts, badge(job.dry_run ? "warn" : "info", job.dry_run ? "미리보기" : "등록"), words);
  }

  #showProgress(/** @type {Job} */ job) {
    const progress = job.progress;
    const waiting = job.status === "PENDING";
    this.#percent = Math.max(this.#percent, Math.min(progress?.percent ?? 0, 99)); // 100 is said by DONE alone
    const stage = waiting ? STEPS.waiting : STEPS[progress?.step ?? ""] ?? progress?.step_name_display ?? "처리 중";
    const step = !waiting && progress?.step_total ? `${progress.step_index}/${progress.step_total} 단계` : "";
    const left = [step, counts(progress)].filter(Boolean).join(" · ");
    this.panel.set({ percent: waiting ? null : this.#percent, label: stage, left, right: timeLeft(progress?.seconds_left) });
    document.title = `${waiting ? "대기" : `${Math.floor(this.#percent)}%`} · ${this.title}`;
    this.#say(stage, waiting ? "" : `${Math.floor(this.#percent / 25) * 25}%`);
    if (waiting && Date.now() - Date.parse(job.created_at) > LONG_WAIT_MS) {
      fill(this.trouble, notice("info", "앞선 작업이 많아 조금 더 걸립니다.", h("p", {}, "접수는 끝났으니 다시 올리지 않아도 됩니다.")));
    } else if (!waiting) fill(this.trouble);
  }

  /** Speak at a new stage and at each quarter, not at every poll. */
  #say(/** @type {string} */ stage, /** @type {string} */ quarter) {
    const words = [stage, quarter === "0%" ? "" : quarter].filter(Boolean).join(" ");
    if (words !== this.#said) announce(words);
    this.#said = words;
  }

  #onTrouble(/** @type {Error | null} */ error) {
    if (!error) {
      fill(this.trouble);
      announce("다시 연결되었습니다.");
    } else if (!this.trouble.querySelector(".reconnecting")) {
      const calm = h("p", { class: "reconnecting" }, "처리는 서버에서 계속됩니다. 자동으로 다시 연결하고 있습니다.");
      fill(this.trouble, notice("warn", explain(error), calm, smallPrint(error)));
      announce(explain(error));
    }
  }

  #onRefused(/** @type {unknown} */ error) {
    if (error instanceof ApiError && error.status === 401) return;
    const start = h("a", { class: "button", href: this.start }, "명단 등록으로");
    fill(this.trouble);
    if (error instanceof ApiError && error.status === 404) {
      fill(this.body, notice("warn", "이 작업을 찾을 수 없습니다.", h("p", {}, "주소가 잘못되었거나 다른 학원의 작업입니다."), start, smallPrint(error)));
    } else fill(this.body, errorNotice(error, start));
  }

  #showOutcome(/** @type {Job} */ job, /** @type {import("../roster/client.js").Result} */ result) {
    const table = new OutcomeTable({ url: result.rows_url, result, client: this.app.roster, signal: this.signal });
    const heading = job.dry_run ? "미리보기 결과" : "등록 결과";
    const text = sentence(result, job.dry_run);
    fill(this.trouble, this.repeated && this.#repeatedNotice(), job.dry_run && this.#previewNotice(result));
    fill(this.body, h("section", { class: "card outcome", "aria-labelledby": "outcome-title" },
      h("h2", { id: "outcome-title", class: "card-title" }, heading), h("p", { class: "lead" }, text), summary(result, job.dry_run)),
    table.node, h("p", {}, h("a", { class: "button", href: this.start }, "다른 명단 올리기")));
    document.title = `${heading} · ${this.title}`;
    announce(`${heading}. ${text}`);
    table.start();
  }

  #previewNotice(/** @type {import("../roster/client.js").Result} */ result) {
    const apply = h("a", { class: "button button-main", href: `${this.start}?from=${this.id}&go=apply` }, "이대로 등록하기");
    const title = "미리보기입니다. 아직 아무것도 저장되지 않았습니다.";
    if (!result.enrolled_count && !result.registered_count) return notice("warn", title, h("p", {}, "새로 등록할 학생이 없습니다. 필요하면 파일을 고쳐 다시 올려 주세요."));
    const left = result.failed_count + result.review_count;
    return notice("warn", title, left > 0 && h("p", {}, `이대로 등록하면 ${number(left)}행은 빠집니다. 고친 뒤 다시 올릴 수도 있습니다.`),
      h("div", { class: "actions" }, apply));
  }

  #repeatedNotice() {
    return notice("info", "같은 파일을 이미 올렸습니다. 그때의 결과입니다.",
      h("div", { class: "actions" }, h("a", { class: "button", href: `${this.start}?from=${this.id}&go=force` }, "그래도 다시 처리하기")));
  }

  #showFailure(/** @type {Job} */ job) {
    const message = job.error_message || "명단을 처리하지 못했습니다.";
    const code = job.error_code ? h("p", { class: "small-print" }, `오류 코드 ${job.error_code} · 작업 번호 ${job.job_id}`) : null;
    fill(this.trouble);
    fill(this.body, notice("bad", message,
      h("p", {}, "어떻게 하면 되나요?"),
      h("ol", { class: "steps-list" }, ...nextSteps(job.error_code).map((step) => h("li", {}, step))),
      h("div", { class: "actions" }, h("a", { class: "button button-main", href: `${this.start}?from=${this.id}` }, "고친 파일 올리기")), code));
    document.title = `실패 · ${this.title}`;
    announce(message);
    this.#showPartialRows();
  }

  /** A job may fail after some of its rows were done: those are told, so that nobody wonders. */
  async #showPartialRows() {
    const table = new OutcomeTable({ url: this.app.roster.rowsUrl(this.id), result: null, client: this.app.roster, signal: this.signal });
    await table.start();
    if (this.signal.aborted || table.shown === 0) return;
    this.body.append(notice("info", "실패하기 전에 처리된 행이 있습니다.",
      h("p", {}, "명단을 다시 올려도 이미 등록된 학생이 두 번 등록되지는 않습니다.")), table.node);
  }
}

/** @returns {string} */
function counts(/** @type {Job["progress"]} */ progress) {
  if (!progress?.rows_total) return "";
  if (progress.step !== "enrolling") return `${number(progress.rows_total)}행 읽음`;
  return `${number(progress.rows_done)} / ${number(progress.rows_total)}행`;
}

const TARGET_GONE = ["lecture_gone", "session_gone"];
const NOT_THE_FILE = ["source_missing", "import_crashed", "import_abandoned"];

/** @returns {string[]} */
function nextSteps(/** @type {string | null} */ code) {
  const last = "그래도 실패하면 아래 작업 번호를 관리자에게 알려 주세요.";
  if (TARGET_GONE.includes(code ?? "")) return ["등록할 강의와 차시가 남아 있는지 확인합니다.", "강의를 다시 골라 같은 파일을 올립니다.", last];
  if (NOT_THE_FILE.includes(code ?? "")) return ["엑셀에서 파일이 잘 열리는지 확인합니다.", "같은 파일을 한 번 더 올립니다.", last];
  return ["위 안내대로 엑셀 파일을 고칩니다.", "저장하고 파일을 닫은 뒤, 같은 강의로 다시 올립니다.", last];
}
