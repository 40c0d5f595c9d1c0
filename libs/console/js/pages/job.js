import { ApiError } from "../api.js";
import { number, timeLeft, when } from "../format.js";
import { STEPS } from "../labels.js";
import { atRest, followJob } from "../roster/follow.js";
import { OutcomeTable, sentence, studentsOnly, summary } from "../roster/outcome.js";
import { planNotice } from "../roster/plan.js";
import { ReviewPanel } from "../roster/review.js";
import { askUndo, undoable, undoNotice } from "../roster/undoing.js";
import { ended } from "../roster/watch.js";
import { workbooks } from "../roster/workbooks.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice, smallPrint } from "../ui/notice.js";
import { progressPanel } from "../ui/progress.js";
import { badge } from "../ui/table.js";

/** @typedef {import("../roster/client.js").Job} Job @typedef {import("../roster/client.js").Result} Result */

const LONG_WAIT_MS = 60_000;

/** `#/jobs/<id>`: one import, from waiting to its outcome, and back. `?repeated=1`: this file had been sent before. */
export function jobPage(/** @type {import("../router.js").Context} */ context) {
  return new JobPage(context).view();
}

class JobPage {
  #said = "";
  #percent = 0;
  #shown = "";
  #following = new AbortController();
  #part = new AbortController(); // of what is below the head: it is read anew when the job moves on

  constructor(/** @type {import("../router.js").Context} */ { app, params, query, signal }) {
    this.app = app;
    this.id = params.id;
    this.repeated = query.has("repeated");
    this.signal = signal;
    this.entry = app.recent.find(this.id);
    this.title = this.entry?.file ?? "명단 등록 작업";
    this.heading = h("h1", { tabindex: "-1" }, this.title);
    this.facts = h("p", { class: "facts" });
    this.trouble = h("div", { class: "stack" });
    this.body = h("div", { class: "stack" });
    this.panel = progressPanel();
    this.cancel = h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#cancel() }, "가져오기 취소");
    this.start = this.entry?.lectureId === "" ? "#/students/excel" : "#/import";
    this.crumb = h("a", { href: this.start }, "명단 등록");
    signal.addEventListener("abort", () => this.#part.abort());
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#drawProgress();
    this.panel.set({ percent: null, label: "작업을 불러오는 중" });
    this.cancel.hidden = true;
    this.#follow();
    return { title: this.title, node: h("div", {}, h("header", { class: "page-head" },
      h("p", { class: "crumb crumbs" }, this.crumb, h("a", { href: this.app.router.last("/imports") }, "가져오기 이력")),
      this.heading, this.facts), h("div", { class: "stack" }, this.trouble, this.body)) };
  }

  #follow() {
    this.#following.abort();
    const { signal } = (this.#following = new AbortController());
    followJob({
      client: this.app.roster, id: this.id, signal: AbortSignal.any([signal, this.signal]),
      onJob: (job) => this.#onJob(job), onTrouble: (error) => this.#onTrouble(error), onRefused: (error) => this.#onRefused(error),
    });
  }

  /** Somebody has set it moving again: what is told now, and what follows. */
  #goOn(/** @type {Job} */ job) {
    this.#onJob(job);
    if (!atRest(job)) this.#follow();
  }

  #drawProgress() {
    fill(this.body, h("section", { class: "card" }, this.panel.node,
      h("p", { class: "hint" }, "이 창을 닫아도 처리는 계속됩니다. 나중에 ‘최근 작업’이나 ‘가져오기 이력’에서 결과를 볼 수 있습니다."), h("div", { class: "actions" }, this.cancel)));
  }

  #onJob(/** @type {Job} */ job) {
    if (job.result ? studentsOnly(job.result) : !job.lecture_id) this.start = "#/students/excel";
    this.crumb.href = this.start;
    this.#name(job);
    this.#showFacts(job);
    if (this.entry && this.entry.status !== job.status) this.app.recent.setStatus(this.id, job.status);
    if (!ended(job.status)) return this.#showProgress(job);
    const look = JSON.stringify([job.status, job.undo, job.result, job.workbook]);
    if (look === this.#shown) return;
    this.#part.abort();
    this.#part = new AbortController();
    this.#shown = look;
    if (job.status === "DONE" && job.result) this.#showOutcome(job, job.result);
    else this.#showFailure(job);
  }

  /** A job that was not started in this browser has its name from the service, which keeps it as it may stand in a file system. */
  #name(/** @type {Job} */ job) {
    if (this.entry || job.file_name === this.title) return;
    this.title = job.file_name;
    this.heading.textContent = this.title;
    document.title = `${this.title} – 학원 데스크`;
  }

  #showFacts(/** @type {Job} */ job) {
    const words = [job.result?.lecture_title, job.created_at && `${when(job.created_at)} 접수`, job.requested_by].filter(Boolean).join(" · ");
    const kind = job.dry_run ? "미리보기" : job.plan_id ? "미리보기대로 등록" : "등록";
    fill(this.facts, badge(job.dry_run ? "warn" : "info", kind), job.cancelled && badge("warn", "취소함"), words,
      job.plan_id && h("a", { href: `#/jobs/${job.plan_id}` }, "미리보기 보기"));
  }

  #showProgress(/** @type {Job} */ job) {
    if (this.#shown || !this.panel.node.isConnected) this.#drawProgress();
    this.#shown = "";
    this.cancel.hidden = job.cancelled;
    const progress = job.progress;
    const waiting = job.status === "PENDING";
    this.#percent = Math.max(this.#percent, Math.min(progress?.percent ?? 0, 99)); // 100 is said by DONE alone
    const stage = job.cancelled ? "멈추는 중" : waiting ? STEPS.waiting : STEPS[progress?.step ?? ""] ?? progress?.step_name_display ?? "처리 중";
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

  async #cancel() {
    const job = await ask({
      title: "가져오기를 취소할까요?", action: "가져오기 취소", bad: true, signal: this.signal, run: () => this.app.roster.cancel(this.id),
      body: [h("p", {}, "아직 처리하지 않은 행부터 멈춥니다. 이미 등록한 학생은 남고, 끝난 뒤에 되돌릴 수 있습니다.")],
    });
    if (job) this.#goOn(job);
  }

  async #undo(/** @type {Job} */ before) {
    const job = await askUndo({ app: this.app, job: before, signal: this.signal });
    if (job) this.#goOn(job);
  }

  #showOutcome(/** @type {Job} */ job, /** @type {Result} */ result) {
    const { signal } = this.#part;
    this.#percent = 0; // should it go on, that is a work of its own
    const table = new OutcomeTable({ url: result.rows_url, result, client: this.app.roster, signal });
    const heading = job.dry_run ? "미리보기 결과" : "등록 결과";
    const text = sentence(result, job.dry_run);
    const deciding = result.review_count > 0 && !job.dry_run && !job.undo;
    fill(this.trouble, this.repeated && this.#repeatedNotice(), job.dry_run && this.#planNotice(job, result), job.cancelled && cancelledNotice(result), undoNotice({ app: this.app, job, signal }));
    fill(this.body, h("section", { class: "card outcome", "aria-labelledby": "outcome-title" },
      h("h2", { id: "outcome-title", class: "card-title" }, heading), h("p", { class: "lead" }, text), summary(result, job.dry_run)),
    deciding && this.#review(job, result), table.node, workbooks({ app: this.app, job, signal }), this.#foot(job));
    document.title = `${heading} · ${this.title}`;
    announce(`${heading}. ${text}`);
    table.start();
  }

  #foot(/** @type {Job} */ job) {
    return h("div", { class: "actions" }, h("a", { class: "button", href: this.start }, "다른 명단 올리기"),
      job.lecture_id && h("a", { class: "button", href: `#/lectures/${job.lecture_id}/roster` }, "수강생 보기"),
      undoable(job) && h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#undo(job) }, job.undo ? "남은 행 다시 되돌리기" : "가져오기 되돌리기"));
  }

  #review(/** @type {Job} */ job, /** @type {Result} */ result) {
    const panel = new ReviewPanel({ app: this.app, job, url: result.rows_url, count: result.review_count, signal: this.#part.signal });
    panel.addEventListener("sent", (event) => this.#goOn(/** @type {CustomEvent<Job>} */ (event).detail));
    panel.load();
    return panel.node;
  }

  #planNotice(/** @type {Job} */ job, /** @type {Result} */ result) {
    return planNotice({ result, again: `${this.start}?from=${this.id}`, apply: () => this.#apply(job), signal: this.signal });
  }

  async #apply(/** @type {Job} */ job) {
    const accepted = await this.app.roster.apply(this.id);
    this.app.recent.add({ id: accepted.job_id, file: this.title, lectureId: job.lecture_id ?? "", dryRun: false, at: Date.now(), status: accepted.status });
    this.app.router.go(`/jobs/${accepted.job_id}`);
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
      h("div", { class: "actions" }, h("a", { class: "button button-main", href: `${this.start}?from=${this.id}` }, "고친 파일 올리기")), code), undoNotice({ app: this.app, job, signal: this.#part.signal }));
    document.title = `실패 · ${this.title}`;
    announce(message);
    this.#showPartialRows(job);
  }

  /** A job may fail after some of its rows were done: those are told, so that nobody wonders. */
  async #showPartialRows(/** @type {Job} */ job) {
    const { signal } = this.#part;
    const table = new OutcomeTable({ url: this.app.roster.rowsUrl(this.id), result: null, client: this.app.roster, signal });
    await table.start();
    if (signal.aborted || table.shown === 0) return;
    this.body.append(notice("info", "실패하기 전에 처리된 행이 있습니다.",
      h("p", {}, "명단을 다시 올려도 이미 등록된 학생이 두 번 등록되지는 않습니다.")), table.node, this.#foot(job));
  }
}

/** What a cancelled import has done. */
function cancelledNotice(/** @type {Result} */ result) {
  const done = studentsOnly(result) ? result.registered_count : result.enrolled_count;
  return notice("warn", "취소한 가져오기입니다.", h("p", {}, `멈추기 전에 ${number(done)}명을 등록했습니다. 나머지 행은 ‘실패’에 취소로 적혀 있습니다.${done ? " 등록한 것은 아래에서 되돌릴 수 있습니다." : ""}`));
}

/** @returns {string} */
function counts(/** @type {Job["progress"]} */ progress) {
  if (!progress?.rows_total) return "";
  if (progress.step !== "enrolling") return `${number(progress.rows_total)}행 읽음`;
  return `${number(progress.rows_done)} / ${number(progress.rows_total)}행`;
}

const TARGET_GONE = ["lecture_gone", "session_gone"];
const STOPPED = ["import_cancelled", "plan_expired"];
const NOT_THE_FILE = ["source_missing", "import_crashed", "import_abandoned"];

/** @returns {string[]} */
function nextSteps(/** @type {string | null} */ code) {
  const last = "그래도 실패하면 아래 작업 번호를 관리자에게 알려 주세요.";
  if (STOPPED.includes(code ?? "")) return ["필요하면 같은 파일을 다시 올립니다."];
  if (TARGET_GONE.includes(code ?? "")) return ["등록할 강의와 차시가 남아 있는지 확인합니다.", "강의를 다시 골라 같은 파일을 올립니다.", last];
  if (NOT_THE_FILE.includes(code ?? "")) return ["엑셀에서 파일이 잘 열리는지 확인합니다.", "같은 파일을 한 번 더 올립니다.", last];
  return ["위 안내대로 엑셀 파일을 고칩니다.", "저장하고 파일을 닫은 뒤, 같은 강의로 다시 올립니다.", last];
}
