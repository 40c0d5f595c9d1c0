import { number, phone } from "../format.js";
import { MEANINGS, OUTCOMES, STUDENT_MEANINGS, STUDENT_OUTCOMES } from "../labels.js";
import { chips } from "../ui/chips.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";
import { badge, dataTable, orDash } from "../ui/table.js";

/** @typedef {import("./client.js").Result} Result @typedef {import("./client.js").Row} Row */

/** @typedef {{ label: string, key: string, tone?: string, lead?: boolean }} Figure */

/** @type {Figure[]} */
const FIGURES = [
  { label: "등록", key: "enrolled_count", tone: "good", lead: true },
  { label: "신규", key: "created_students_count" },
  { label: "기존", key: "matched_students_count" },
  { label: "복구", key: "restored_students_count" },
  { label: "이미 등록", key: "already_enrolled_count" },
  { label: "중복", key: "duplicate_count" },
  { label: "건너뜀", key: "skipped_count" },
  { label: "실패", key: "failed_count", tone: "bad" },
  { label: "확인 필요", key: "review_count", tone: "warn" },
];

/** @type {Figure[]} */
const STUDENT_FIGURES = [
  { label: "학생 등록", key: "registered_count", tone: "good", lead: true },
  { label: "신규", key: "created_students_count" },
  { label: "복구", key: "restored_students_count" },
  { label: "이미 있음", key: "already_registered_count" },
  ...FIGURES.slice(5),
];

/** Whether the list went to no lecture: its students are registered, and nobody is enrolled. @returns {boolean} */
export function studentsOnly(/** @type {Result} */ result) {
  return result.rows_url.startsWith("/api/v1/students/");
}

/** The counts as cards; nought is faded, trouble is coloured. */
export function summary(/** @type {Result} */ result, /** @type {boolean} */ dryRun) {
  const card = (/** @type {Figure} */ figure) => {
    const value = result[figure.key] ?? 0;
    const tone = value === 0 ? "figure-zero" : figure.tone ? `figure-${figure.tone}` : "";
    const label = dryRun && figure.lead ? "등록 예정" : figure.label;
    return h("div", { class: `figure ${tone} ${figure.lead ? "figure-lead" : ""}`, "data-figure": figure.key },
      h("dt", {}, label), h("dd", {}, number(value)));
  };
  return h("dl", { class: "figures" }, ...(studentsOnly(result) ? STUDENT_FIGURES : FIGURES).map(card));
}

/** One sentence: what happened, and whether anything is left to do. @returns {string} */
export function sentence(/** @type {Result} */ result, /** @type {boolean} */ dryRun) {
  const verb = dryRun ? "등록할 수 있습니다" : "등록했습니다";
  const trouble = [
    result.failed_count ? `실패 ${number(result.failed_count)}행` : "",
    result.review_count ? `확인 필요 ${number(result.review_count)}행` : "",
  ].filter(Boolean).join(", ");
  const done = studentsOnly(result) ? result.registered_count : result.enrolled_count;
  const head = `명단 ${number(result.rows_total)}행 가운데 ${number(done)}명을 ${verb}.`;
  return trouble ? `${head} ${trouble}은 아래에서 사유를 확인해 주세요.` : `${head} 고칠 행이 없습니다.`;
}

function meanings(/** @type {Result | null} */ result) {
  const words = result && studentsOnly(result) ? STUDENT_MEANINGS : MEANINGS;
  return h("details", { class: "meanings" }, h("summary", {}, "결과의 뜻"),
    h("dl", {}, ...words.flatMap(([word, text]) => [h("dt", {}, word), h("dd", {}, text)])));
}

/** Rows that need a person come first. @returns {string} the filter to start with; "" is all */
function firstFilter(/** @type {Result | null} */ result) {
  if (result?.failed_count) return "failed";
  return result?.review_count ? "needs_review" : "";
}

/**
 * Every row of the sheet with its outcome, filtered by chips, read page by page.
 * Without a `result` (a job that failed half way) nothing is known of the counts.
 */
export class OutcomeTable {
  #filter = "";
  /** @type {string | null} */ #cursor = null;
  #shown = 0;
  #run = new AbortController();

  /** @param {{ url: string, result: Result | null, client: import("./client.js").RosterClient, signal: AbortSignal }} spec */
  constructor({ url, result, client, signal }) {
    this.url = url;
    this.result = result;
    this.client = client;
    signal.addEventListener("abort", () => this.#run.abort());
    this.table = dataTable("행별 처리 결과", [
      { key: "row", label: "행" }, { key: "name", label: "이름" }, { key: "phone", label: "학부모 전화" },
      { key: "outcome", label: "결과" }, { key: "reason", label: "사유" },
    ]);
    this.filters = chips({ label: "결과로 거르기", items: this.#items(), onPick: (value) => this.show(value) });
    this.status = h("p", { class: "hint", tabindex: "-1" });
    this.trouble = h("div");
    this.more = h("button", { class: "button", type: "button", onclick: () => this.#load() }, "더 보기");
    this.frame = h("div", { class: "table-frame" }, this.table.node);
    this.node = h("section", { class: "card", "aria-labelledby": "rows-title" },
      h("h2", { id: "rows-title", class: "card-title" }, "행별 결과"),
      this.filters.node, this.frame, this.trouble, h("div", { class: "table-foot" }, this.status, this.more), meanings(result));
  }

  /** Begin with the rows that matter most. */
  start(filter = firstFilter(this.result)) {
    this.filters.select(filter);
    return this.show(filter);
  }

  /** @returns {Promise<void>} */
  show(/** @type {string} */ filter) {
    this.#filter = filter;
    this.#cursor = null;
    this.#shown = 0;
    this.table.clear();
    return this.#load();
  }

  #items() {
    const { result } = this;
    const all = { value: "", label: "전체", count: result?.rows_total };
    const kinds = OUTCOMES.map((kind) => ({ value: kind.code, label: kind.label, count: result?.[kind.count] }));
    return [all, ...kinds.filter((kind) => !result || kind.count)];
  }

  /** @returns {number} how many rows have been read */
  get shown() {
    return this.#shown;
  }

  /** @returns {string} */
  get #statusText() {
    if (this.#shown === 0) return "해당하는 행이 없습니다.";
    const total = this.#items().find((item) => item.value === this.#filter)?.count;
    return total === undefined ? `${number(this.#shown)}행 표시` : `${number(total)}행 중 ${number(this.#shown)}행 표시`;
  }

  async #load() {
    this.#run.abort();
    const { signal } = (this.#run = new AbortController());
    this.#busy(true);
    try {
      const page = await this.client.rows(this.url, { outcome: this.#filter, cursor: this.#cursor, signal });
      this.#add(page);
    } catch (error) {
      if (signal.aborted) return;
      this.#busy(false);
      this.more.hidden = true;
      const again = h("button", { class: "button", type: "button", onclick: () => this.#load() }, "다시 불러오기");
      fill(this.trouble, errorNotice(error, again));
    }
  }

  #busy(/** @type {boolean} */ on) {
    this.frame.setAttribute("aria-busy", String(on));
    this.more.disabled = on;
    if (on) fill(this.trouble);
    if (on && this.#shown === 0) this.status.textContent = "불러오는 중입니다…";
  }

  #add(/** @type {{ results: Row[], next: string | null }} */ page) {
    const hadFocus = document.activeElement === this.more || document.activeElement === document.body;
    for (const row of page.results) this.table.add(cells(row));
    const continued = this.#shown > 0;
    this.#shown += page.results.length;
    this.#cursor = page.next;
    this.#busy(false);
    this.more.hidden = !page.next;
    this.frame.hidden = this.#shown === 0;
    this.status.textContent = this.#statusText;
    if (continued) announce(this.status.textContent);
    if (continued && hadFocus) (page.next ? this.more : this.status).focus();
  }
}

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Row} */ row) {
  const kind = OUTCOMES.find((each) => each.code === row.outcome) ?? { tone: "calm", label: row.outcome };
  const placed = row.outcome === "enrolled" || row.outcome === "registered";
  const student = placed && STUDENT_OUTCOMES[row.student_outcome ?? ""];
  return [
    [number(row.row)],
    [orDash(row.name)],
    [orDash(phone(row.parent_phone))],
    [badge(kind.tone, kind.label), student && h("span", { class: "badge-extra" }, student)],
    [row.reason, row.undo && badge("calm", row.undo === "undone" ? "되돌림" : "되돌리지 않음")],
  ];
}
