/** @typedef {import("./client.js").Lecture} Lecture @typedef {import("./client.js").Session} Session */

const DAY = new Intl.DateTimeFormat("ko-KR", { timeZone: "UTC", month: "numeric", day: "numeric", weekday: "short" });

/** A day without a time: "2026-11-23" → "11. 23. (월)"; "" for none @returns {string} */
export function dateWord(/** @type {string | null | undefined} */ date) {
  const moment = new Date(`${date ?? ""}T00:00:00Z`);
  return Number.isNaN(moment.getTime()) ? "" : DAY.format(moment);
}

/** What a session is called where there is room for one word. @returns {string} */
export function orderWord(/** @type {Session} */ session) {
  return `${session.order}차시`;
}

/** "3차시 · 함수의 극한 · 11. 23. (월)" @returns {string} */
export function sessionLine(/** @type {Session} */ session) {
  const title = session.title === orderWord(session) ? "" : session.title;
  return [orderWord(session), title, dateWord(session.date)].filter(Boolean).join(" · ");
}

/** "2026-03-02 ~ 2026-06-30"; "" when neither is known @returns {string} */
export function spanOf(/** @type {Lecture} */ lecture) {
  return lecture.start_date || lecture.end_date ? `${lecture.start_date ?? ""} ~ ${lecture.end_date ?? ""}` : "";
}

/** What else is known of a lecture, in a line. @returns {string} */
export function lectureLine(/** @type {Lecture} */ lecture) {
  return [lecture.subject, lecture.name, lecture.lecture_time, spanOf(lecture)].filter(Boolean).join(" · ");
}
