import { number, when } from "../format.js";
import { JOB_STATES, UNDO_STATES } from "../labels.js";
import { studentsOnly } from "../roster/outcome.js";
import { h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { icon } from "../ui/icon.js";
import { Listing } from "../ui/listing.js";
import { pageOf } from "../ui/page.js";
import { select } from "../ui/select.js";
import { badge, orDash, wordBadge } from "../ui/table.js";

/** @typedef {import("../roster/client.js").Past} Past */

/** `#/imports?lecture=…&dry_run=…`: who gave which list when, and what became of it. */
export function importsPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const titles = new Map();
  const filters = new HistoryFilters({ query, signal });
  const listing = new Listing({
    caption: "가져오기 이력", unit: "건", signal, columns: COLUMNS, cells: (past) => cells(past, titles.get(past.lecture_id) ?? ""),
    read: async (cursor, run) => {
      const page = await app.roster.history({ ...filters.values, cursor }, run);
      return { ...page, results: page.results.map((past) => ({ ...past, id: past.job_id })) };
    },
    empty: () => (Object.keys(filters.values).length ? "맞는 가져오기가 없습니다. 조건을 줄여 보세요." : "아직 올린 명단이 없습니다."),
  });
  const show = () => {
    app.router.keep(filters.values);
    return listing.reload();
  };
  const begin = async () => {
    try {
      const lectures = await app.api.all("lectures/lectures/", { signal });
      for (const each of lectures) titles.set(each.id, each.title);
      filters.offer(lectures);
    } catch {
      // the history is readable without the lectures' names
    }
    if (!signal.aborted) await show();
  };
  filters.addEventListener("change", show);
  begin();
  const upload = h("a", { class: "button button-main", href: "#/import" }, icon("upload"), "명단 등록");
  return pageOf({ title: "가져오기 이력", lead: "누가 언제 어떤 파일을 올렸고 어떻게 되었는지 봅니다.", crumb: { href: "#/import", label: "명단 등록" }, actions: [upload] },
    h("section", { class: "card list-card", "aria-label": "가져오기 이력" }, filters.node, listing.node));
}

class HistoryFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super({ signal, typingMs: 0 });
    this.lecture = select({}, { "aria-label": "강의", onchange: () => this.tell() }, "강의 전체");
    this.kind = select({ false: "등록", true: "미리보기" }, { "aria-label": "종류", onchange: () => this.tell() }, "등록·미리보기");
    this.wanted = query.get("lecture") ?? "";
    this.kind.value = query.get("dry_run") ?? "";
    this.node.append(this.lecture, this.kind, this.clear);
    this.paint();
  }

  offer(/** @type {{ id: string, title: string }[]} */ lectures) {
    this.lecture.append(...lectures.map((each) => h("option", { value: each.id }, each.title)));
    if (lectures.some((each) => each.id === this.wanted)) this.lecture.value = this.wanted;
    this.wanted = "";
    this.paint();
  }

  /** @returns {Record<string, string>} */
  get values() {
    return Object.fromEntries(Object.entries({ lecture: this.lecture.value || this.wanted, dry_run: this.kind.value }).filter(([, value]) => value));
  }

  get choices() {
    return [this.lecture, this.kind];
  }

  reset() {
    this.lecture.value = "";
    this.kind.value = "";
    this.wanted = "";
    this.tell();
    this.kind.focus();
  }
}

const COLUMNS = [
  { key: "name", label: "파일" }, { key: "what", label: "강의" }, { key: "what", label: "종류" }, { key: "state", label: "상태" },
  { key: "what", label: "결과" }, { key: "day", label: "올린 사람" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Past} */ past, /** @type {string} */ lecture) {
  return [
    [h("a", { class: "row-link", href: `#/jobs/${past.job_id}` }, past.file_name)],
    [orDash(past.result?.lecture_title ?? lecture)],
    [badge(past.dry_run ? "warn" : "info", past.dry_run ? "미리보기" : past.plan_id ? "미리보기대로 등록" : "등록")],
    [wordBadge(JOB_STATES, past.status), past.cancelled && badge("warn", "취소함"), past.undo_status && wordBadge(UNDO_STATES, past.undo_status)],
    [past.error_message ? h("span", { class: "hint" }, past.error_message) : orDash(counts(past))],
    [h("span", { class: "two-lines" }, h("span", {}, past.requested_by), h("span", { class: "hint" }, when(past.created_at)))],
  ];
}

/** "30행 · 등록 24 · 실패 2" @returns {string} */
function counts(/** @type {Past} */ { result }) {
  if (!result) return "";
  const done = studentsOnly(result) ? result.registered_count : result.enrolled_count;
  const parts = /** @type {[string, number][]} */ ([["등록", done], ["실패", result.failed_count], ["확인 필요", result.review_count]]);
  return [`${number(result.rows_total)}행`, ...parts.filter(([, count]) => count > 0).map(([word, count]) => `${word} ${number(count)}`)].join(" · ");
}
