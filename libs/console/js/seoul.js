/** What is typed into fields of dates and times is the clock on the wall in Seoul. Pure functions. */

const OFFSET = "+09:00";
const DAY_MS = 86_400_000;
const LOCAL = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul", dateStyle: "short", timeStyle: "short" });

/** The value of a datetime-local field as an ISO time; null for an empty one. @returns {string | null} */
export function seoulTime(/** @type {string} */ local) {
  return local ? `${local.slice(0, 16)}:00${OFFSET}` : null;
}

/** A moment as the value of a datetime-local field: "2026-11-23T09:05" @returns {string} */
export function seoulLocal(/** @type {Date} */ moment) {
  return LOCAL.format(moment).replace(" ", "T");
}

/** The value of a date field, as the first moment of that day; "" for an empty one. @returns {string} */
export function dayBegins(/** @type {string} */ date) {
  return date && `${date}T00:00:00${OFFSET}`;
}

/** The same, as the first moment after that day. @returns {string} */
export function dayEnds(/** @type {string} */ date) {
  return date && new Date(Date.parse(dayBegins(date)) + DAY_MS).toISOString();
}
