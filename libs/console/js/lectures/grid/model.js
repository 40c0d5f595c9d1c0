/**
 * A lecture's sessions × students, and where each mark is.
 *
 * @typedef {import("../client.js").Matrix} Matrix @typedef {import("../client.js").Mark} Mark
 * @typedef {{ row: number, column: number }} Place  numbers of the student and of the session
 */

export class Model {
  /** @type {Map<string, Place>} */ #places = new Map();

  constructor(/** @type {Matrix} */ { lecture, sessions, students }) {
    this.lecture = lecture;
    this.sessions = sessions;
    this.students = students;
    const columns = new Map(sessions.map((session, column) => [session.id, column]));
    for (const [row, student] of students.entries()) {
      for (const [session, mark] of Object.entries(student.attendance)) {
        const column = columns.get(session);
        if (column !== undefined) this.#places.set(mark.attendance_id, { row, column });
      }
    }
  }

  /** @returns {Mark | null} null: the student is not in the session */
  mark(/** @type {Place} */ { row, column }) {
    return this.students[row]?.attendance[this.sessions[column]?.id] ?? null;
  }

  /** @returns {Place | undefined} */
  placeOf(/** @type {string} */ attendanceId) {
    return this.#places.get(attendanceId);
  }

  /** How many who are in the lecture have no mark yet. @returns {number} */
  unset(/** @type {number} */ column) {
    const { id } = this.sessions[column];
    return this.students.filter((student) => student.enrollment_status === "ACTIVE" && student.attendance[id]?.status === "UNSET").length;
  }

  /** Who is in the lecture and not in the session. @returns {string[]} their enrollments */
  missing(/** @type {number} */ column) {
    const { id } = this.sessions[column];
    return this.students.filter((student) => student.enrollment_status === "ACTIVE" && !student.attendance[id]).map((student) => student.enrollment_id);
  }

  /** The session that is most likely meant: the asked one, today's, the last one before it, the first. @returns {number} */
  startColumn(/** @type {string | null} */ asked, /** @type {string} */ today) {
    const at = this.sessions.findIndex((session) => session.id === asked);
    if (at >= 0) return at;
    return Math.max(0, this.sessions.findLastIndex((session) => session.date !== null && session.date <= today));
  }

  /** Whether another reading has the same students and sessions in the same places. @returns {boolean} */
  fits(/** @type {Model} */ other) {
    return this.sessions.length === other.sessions.length && this.students.length === other.students.length
      && this.sessions.every((session, i) => session.id === other.sessions[i].id && session.order === other.sessions[i].order && session.date === other.sessions[i].date)
      && this.students.every((student, i) => student.enrollment_id === other.students[i].enrollment_id && student.enrollment_status === other.students[i].enrollment_status && student.name === other.students[i].name);
  }
}
