/** How values read in Korean. Pure functions. */

const NUMBER = new Intl.NumberFormat("ko-KR");
const WHEN = new Intl.DateTimeFormat("ko-KR", {
  timeZone: "Asia/Seoul", month: "long", day: "numeric", weekday: "short", hour: "numeric", minute: "2-digit",
});
const DATE = new Intl.DateTimeFormat("ko-KR", { timeZone: "Asia/Seoul", dateStyle: "medium" });
const INSTANT = new Intl.DateTimeFormat("ko-KR", { timeZone: "Asia/Seoul", dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("ko-KR", {
  timeZone: "Asia/Seoul", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul" });

/** 12345 → "12,345" @returns {string} */
export function number(/** @type {number | null | undefined} */ value) {
  return NUMBER.format(value ?? 0);
}

/** Bytes as a size a person reads: 734003 → "717 KB" @returns {string} */
export function size(/** @type {number} */ bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  return `${Number((bytes / 1024 ** 3).toFixed(2))} GB`;
}

/** "01012345678" → "010-1234-5678"; anything else as it is @returns {string} */
export function phone(/** @type {string | null | undefined} */ digits) {
  const found = /^(010)(\d{4})(\d{4})$/.exec(digits ?? "");
  return found ? found.slice(1).join("-") : digits ?? "";
}

/** An ISO time in Seoul: "11월 23일 (월) 오전 9:05"; "" if unreadable @returns {string} */
export function when(/** @type {string | number | null | undefined} */ time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? "" : WHEN.format(date);
}

/** An ISO time as its day in Seoul: "2026. 11. 23."; "" if unreadable @returns {string} */
export function day(/** @type {string | null | undefined} */ time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? "" : DATE.format(date);
}

/** An ISO time to the second, as a document needs it: "2026. 11. 23. 오전 9:05:00" @returns {string} */
export function instant(/** @type {string | null | undefined} */ time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? "" : INSTANT.format(date);
}

/** An ISO time as a clock in Seoul shows it: "09:05:00"; "" if unreadable @returns {string} */
export function clock(/** @type {string | number | null | undefined} */ time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? "" : CLOCK.format(date);
}

/** A span of seconds by its largest unit: "4초", "4분", "3시간", "2일" @returns {string} */
export function age(/** @type {number} */ seconds) {
  const units = /** @type {[number, string][]} */ ([[86_400, "일"], [3600, "시간"], [60, "분"]]);
  for (const [size, unit] of units) if (seconds >= size) return `${Math.round(seconds / size)}${unit}`;
  return `${Math.round(Math.max(seconds, 0))}초`;
}

/** Seconds as a player shows them: 75 → "1:15", 3675 → "1:01:15" @returns {string} */
export function span(/** @type {number | null | undefined} */ seconds) {
  const whole = Math.floor(seconds ?? NaN);
  if (!Number.isFinite(whole)) return "";
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A share as whole percents, never more than there is: 0.719 → "71%" @returns {string} */
export function percent(/** @type {number | null | undefined} */ share) {
  return `${Math.floor(100 * (share ?? 0))}%`;
}

/** Today in Seoul as YYYY-MM-DD, the value of a date input. @returns {string} */
export function today(now = new Date()) {
  return DAY.format(now);
}

/** Seconds as a rough promise that does not flicker: 47 → "약 50초 남음" @returns {string} */
export function timeLeft(/** @type {number | null | undefined} */ seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 5) return "곧 끝납니다";
  if (seconds < 55) return `약 ${Math.ceil(seconds / 5) * 5}초 남음`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `약 ${minutes}분 남음`;
  const rest = minutes % 60;
  return rest ? `약 ${Math.floor(minutes / 60)}시간 ${rest}분 남음` : `약 ${minutes / 60}시간 남음`;
}
