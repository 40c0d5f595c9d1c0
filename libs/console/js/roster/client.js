import { ownPath } from "../api.js";

/**
 * The enrollment API as this page needs it.
 *
 * @typedef {{ id: string, title: string, name?: string, subject?: string, lecture_time?: string, start_date?: string | null }} Lecture
 * @typedef {{ id: string, order: number, title: string, date?: string | null }} Session
 * @typedef {{ percent: number, step: string, step_index: number, step_total: number, step_name_display: string,
 *             rows_total: number | null, rows_done: number | null, seconds_left: number | null }} Progress
 * @typedef {Record<string, number> & { lecture_title: string, session_id: string | null, rows_url: string }} Result
 * @typedef {{ job_id: string, status: "PENDING" | "RUNNING" | "DONE" | "FAILED", progress: Progress | null, result: Result | null,
 *             error_code: string | null, error_message: string | null, dry_run: boolean, file_name: string, lecture_id: string | null,
 *             requested_by: string, plan_id: string | null, cancelled: boolean, undo: Undo | null, workbook: string | null,
 *             created_at: string }} Job
 * @typedef {{ status: "UNDOING" | "UNDONE", undone: number, kept: number, requested_by: string, requested_at: string,
 *             ended_at: string | null }} Undo
 * @typedef {{ job_id: string, status: string, lecture_id: string | null, file_name: string, dry_run: boolean, plan_id: string | null,
 *             cancelled: boolean, undo_status: string | null, result: Result | null, error_code: string | null,
 *             error_message: string | null, requested_by: string, created_at: string, ended_at: string | null }} Past
 * @typedef {{ row: number, action: "pick" | "create" | "skip", student_id?: string }} Decision
 * @typedef {{ row: number, name: string | null, parent_phone: string | null, outcome: import("../labels.js").Outcome,
 *             student_outcome: string | null, student_id: string | null, code: string | null, reason: string | null,
 *             candidates: string[] | null, undo: "undone" | "kept" | null, undo_code: string | null }} Row
 * @typedef {{ lectureId: string | null, sessionId: string | null, file: File, password: string, dryRun: boolean, force: boolean }} Draft
 *          `lectureId` null: only among the students
 */

const ROWS_PER_PAGE = 100;
const JOBS = "enrollments/excel_jobs/";
export const DECISIONS_AT_ONCE = 500;

export class RosterClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** Every lecture that still runs. @returns {Promise<Lecture[]>} */
  lectures(/** @type {AbortSignal} */ signal) {
    return this.api.all("lectures/lectures/", { query: { is_active: true }, signal });
  }

  /** @returns {Promise<Lecture>} */
  createLecture(/** @type {{ title: string, start_date?: string }} */ lecture, /** @type {string} */ key) {
    return this.api.post("lectures/lectures/", lecture, { key });
  }

  /** @returns {Promise<Session[]>} in order */
  async sessions(/** @type {string} */ lectureId, /** @type {AbortSignal} */ signal) {
    const rows = await this.api.all("lectures/sessions/", { query: { lecture: lectureId }, signal });
    return rows.sort((a, b) => a.order - b.order);
  }

  /** @returns {Promise<{ job_id: string, status: Job["status"] }>} */
  startImport(/** @type {Draft} */ draft, /** @type {import("../api.js").UploadOptions} */ options) {
    const form = new FormData();
    if (draft.lectureId) form.set("lecture_id", draft.lectureId);
    if (draft.sessionId) form.set("session_id", draft.sessionId);
    form.set("initial_password", draft.password);
    form.set("dry_run", String(draft.dryRun));
    if (draft.force) form.set("force", "true");
    form.set("file", draft.file, draft.file.name); // last: the server can judge the rest before the bytes arrive
    const path = draft.lectureId ? "enrollments/lecture_enroll_from_excel/" : "students/bulk_create_from_excel/";
    return this.api.upload(path, form, options);
  }

  /** @returns {Promise<Job>} */
  job(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(`enrollments/excel_job_status/${encodeURIComponent(id)}/`, { signal });
  }

  /** The job whenever it changes; ends with it, or after a while. @returns {AsyncGenerator<Job, void, void>} */
  jobEvents(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.events(`enrollments/excel_job_events/${encodeURIComponent(id)}/`, signal);
  }

  /** Imports, newest first. @returns {Promise<{ results: Past[], next: string | null }>} */
  history(/** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(JOBS, { query: { page_size: 30, ...query }, signal });
  }

  /** Carry a preview out as it was shown. @returns {Promise<{ job_id: string, status: Job["status"] }>} */
  apply(/** @type {string} */ id) {
    return this.api.post(`${JOBS}${encodeURIComponent(id)}/apply/`, undefined);
  }

  /** @returns {Promise<Job>} all of the decisions, or none */
  review(/** @type {string} */ id, /** @type {Decision[]} */ decisions) {
    return this.api.post(`${JOBS}${encodeURIComponent(id)}/review/`, { decisions });
  }

  /** @returns {Promise<Job>} */
  cancel(/** @type {string} */ id) {
    return this.api.post(`${JOBS}${encodeURIComponent(id)}/cancel/`, undefined);
  }

  /** @returns {Promise<Job>} */
  undo(/** @type {string} */ id) {
    return this.api.post(`${JOBS}${encodeURIComponent(id)}/undo/`, undefined);
  }

  /** The empty sheet to fill in. @returns {Promise<{ blob: Blob, name: string }>} */
  template(/** @type {AbortSignal} */ signal) {
    return this.api.download("enrollments/excel_template/", { signal });
  }

  /** @returns {Promise<{ results: Row[], next: string | null }>} */
  rows(/** @type {string} */ url, /** @type {{ outcome?: string, undo?: string, cursor: string | null, signal: AbortSignal }} */ ask) {
    const query = { outcome: ask.outcome, undo: ask.undo, cursor: ask.cursor, page_size: ROWS_PER_PAGE };
    return this.api.get(ownPath(url), { query, signal: ask.signal });
  }

  /** Where the rows of a job without a result are. @returns {string} */
  rowsUrl(/** @type {string} */ id) {
    return `enrollments/excel_job_rows/${encodeURIComponent(id)}/`;
  }
}
