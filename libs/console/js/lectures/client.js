/**
 * The lectures, their sessions, who is in them, and who was there. Every function throws what Api throws.
 *
 * @typedef {{ id: string, title: string, name: string, subject: string, description: string, start_date: string | null,
 *             end_date: string | null, lecture_time: string, color: string, chip_label: string, is_active: boolean,
 *             created_at: string, updated_at: string }} Lecture
 * @typedef {{ id: string, lecture_id: string, order: number, title: string, date: string | null, session_type: string }} Session
 * @typedef {{ id: string, lecture_id: string, lecture_title: string, student_id: string, student_name: string,
 *             student_phone: string | null, parent_phone: string, school: string | null, grade: number | null,
 *             status: string, enrolled_at: string }} Enrollment
 * @typedef {{ attendance_id: string, status: string, memo: string }} Mark  of the matrix
 * @typedef {{ id: string, session_id: string, enrollment_id: string, student_id: string, student_name: string,
 *             status: string, status_label: string, memo: string, recorded_at: string | null }} Attendance
 * @typedef {{ student_id: string, enrollment_id: string, enrollment_status: string, name: string, student_phone: string | null,
 *             parent_phone: string, attendance: Record<string, Mark> }} MatrixStudent  `attendance` by session
 * @typedef {{ lecture: Lecture, sessions: Session[], students: MatrixStudent[] }} Matrix
 * @typedef {{ changed: number, unchanged: number, terminal: number, undo_token: string | null, results: Attendance[] }} BulkChange
 * @typedef {import("../api.js").Page} Page
 */

const LECTURES = "lectures/lectures/";
const SESSIONS = "lectures/sessions/";
const ATTENDANCE = "lectures/attendance/";
const ENROLLMENTS = "enrollments/";
const PAGE_SIZE = 50;
const ROSTER_PAGE = 200;
const AT_ONCE = 500; // as many ids as one request takes
const LONG_MS = 60_000;

export class LecturesClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** @returns {Promise<Page>} */
  page(/** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(LECTURES, { query: { page_size: PAGE_SIZE, ...query }, signal });
  }

  /** @returns {Promise<Lecture>} */
  show(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(one(LECTURES, id), { signal });
  }

  /** @returns {Promise<Lecture>} */
  create(/** @type {Record<string, any>} */ values, /** @type {string} */ key) {
    return this.api.post(LECTURES, values, { key });
  }

  /** @returns {Promise<Lecture>} */
  change(/** @type {string} */ id, /** @type {Record<string, any>} */ changes) {
    return this.api.patch(one(LECTURES, id), changes);
  }

  /** @returns {Promise<null>} 409 while anybody is or was enrolled */
  delete(/** @type {string} */ id) {
    return this.api.delete(one(LECTURES, id));
  }

  // --- sessions

  /** @returns {Promise<Session[]>} in their order */
  sessions(/** @type {string} */ lecture, /** @type {AbortSignal} */ signal) {
    return this.api.all(SESSIONS, { query: { lecture }, signal });
  }

  /** @returns {Promise<Session>} */
  createSession(/** @type {Record<string, any>} */ values, /** @type {string} */ key) {
    return this.api.post(SESSIONS, values, { key });
  }

  /** @returns {Promise<Session>} */
  changeSession(/** @type {string} */ id, /** @type {Record<string, any>} */ changes) {
    return this.api.patch(one(SESSIONS, id), changes);
  }

  /** @returns {Promise<null>} 409 when attendance was recorded in it */
  deleteSession(/** @type {string} */ id) {
    return this.api.delete(one(SESSIONS, id));
  }

  // --- who is in them

  /** @returns {Promise<Page>} */
  enrollments(/** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(ENROLLMENTS, { query: { page_size: ROSTER_PAGE, ...query }, signal });
  }

  /** Everybody who is in a lecture now. @returns {Promise<Enrollment[]>} */
  active(/** @type {string} */ lecture, /** @type {AbortSignal} */ signal) {
    return this.api.all(ENROLLMENTS, { query: { lecture, status: "ACTIVE" }, signal });
  }

  /** An ended enrollment begins anew. @returns {Promise<{ results: (Enrollment & { already_enrolled: boolean })[] }>} */
  enrol(/** @type {string} */ lecture, /** @type {string[]} */ students) {
    return this.api.post(`${ENROLLMENTS}bulk_create/`, { lecture, students });
  }

  /** @returns {Promise<Enrollment>} */
  setStatus(/** @type {string} */ id, /** @type {string} */ status) {
    return this.api.patch(one(ENROLLMENTS, id), { status });
  }

  /** With all of its attendance. @returns {Promise<null>} */
  deleteEnrollment(/** @type {string} */ id) {
    return this.api.delete(one(ENROLLMENTS, id));
  }

  /** Put active enrollments into a session, 500 at a time. @returns {Promise<number>} how many */
  async intoSession(/** @type {string} */ session, /** @type {string[]} */ enrollments) {
    for (let start = 0; start < enrollments.length; start += AT_ONCE) {
      const body = { session, enrollments: enrollments.slice(start, start + AT_ONCE) };
      await this.api.post(`${ENROLLMENTS}session-enrollments/bulk_create/`, body, { timeout: LONG_MS });
    }
    return enrollments.length;
  }

  // --- who was there

  /** @returns {Promise<Matrix>} complete */
  matrix(/** @type {string} */ lecture, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${ATTENDANCE}matrix/`, { query: { lecture }, signal, timeout: LONG_MS });
  }

  /** @returns {Promise<Attendance>} 409 for a mark that is 퇴원 already */
  mark(/** @type {string} */ id, /** @type {{ status?: string, memo?: string, confirm_secession?: boolean }} */ changes) {
    return this.api.patch(one(ATTENDANCE, id), changes);
  }

  /** One status for a whole session. @returns {Promise<BulkChange>} */
  setAll(/** @type {{ session: string, status: string, only_unset: boolean, confirm_secession: boolean }} */ wish) {
    return this.api.post(`${ATTENDANCE}bulk_set/`, wish, { timeout: LONG_MS });
  }

  /** @returns {Promise<{ results: Attendance[] }>} the marks as they were; 409 when somebody changed one since */
  undoAll(/** @type {string} */ undo_token) {
    return this.api.post(`${ATTENDANCE}bulk_undo/`, { undo_token }, { timeout: LONG_MS });
  }
}

/** @returns {string} */
function one(/** @type {string} */ base, /** @type {string} */ id) {
  return `${base}${encodeURIComponent(id)}/`;
}
