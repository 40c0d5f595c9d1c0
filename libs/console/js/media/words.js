import { number, size, span, timeLeft } from "../format.js";
import { VIDEO_STATES } from "../labels.js";
import { h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { badge } from "../ui/table.js";

/** @typedef {import("./client.js").Video} Video */

const MOVING = ["UPLOADED", "PROCESSING", "VIEWABLE"];
const DAY_MS = 24 * 3_600_000;

/** Whether the encoders still have to do with it. @returns {boolean} */
export function moving(/** @type {Pick<Video, "status">} */ video) {
  return MOVING.includes(video.status);
}

export function statusBadge(/** @type {Pick<Video, "status">} */ { status }) {
  const { label, tone } = VIDEO_STATES[status] ?? { label: status, tone: "calm" };
  return badge(tone, label);
}

/** "수학 특강 · 1차시 · 1:02:03 · 1.20 GB" @returns {string} */
export function factLine(/** @type {Video} */ video) {
  return [video.lecture_title, video.session_title, span(video.duration), video.raw_bytes > 0 && size(video.raw_bytes)].filter(Boolean).join(" · ");
}

/** Days until the original is deleted; null if that is not coming. @returns {number | null} */
function daysToGo(/** @type {Video} */ video, now = Date.now()) {
  if (video.raw_keep || video.raw_deleted_at || !video.raw_expires_at) return null;
  return Math.max(0, Math.ceil((Date.parse(video.raw_expires_at) - now) / DAY_MS));
}

/** What becomes of the original. @returns {string} "" while nothing is to say */
export function originalLine(/** @type {Video} */ video, now = Date.now()) {
  if (video.raw_deleted_at) return "원본 삭제됨";
  if (video.raw_keep) return "원본 보관 중";
  const days = daysToGo(video, now);
  if (days === null) return "";
  return days > 0 ? `원본 삭제까지 ${number(days)}일` : "원본이 오늘 삭제됩니다";
}

/** How far the encoder is: bar, step and time left; null while none is at it. @returns {HTMLElement | null} */
export function encoding(/** @type {Video} */ video) {
  const { progress } = video;
  if (!progress || !moving(video)) return null;
  const percent = Math.min(99, Math.floor(progress.percent)); // 100 is said by READY alone
  const step = progress.step ? `${progress.step_index}/${progress.step_total} ${progress.step_name}` : progress.step_name;
  const left = timeLeft(progress.remaining_seconds);
  return h("div", { class: "encoding" },
    h("progress", { class: "bar", max: "100", value: percent, "aria-label": `${video.title} 인코딩` }),
    h("p", { class: "encoding-line" }, h("strong", {}, `${percent}%`), h("span", {}, step), left && h("span", {}, left)));
}

/** Why it is FAILED, and what can be done about it. */
export function failure(/** @type {Video} */ { error }, /** @type {import("../ui/dom.js").Child[]} */ ...actions) {
  return notice("bad", error?.reason ?? "인코딩하지 못했습니다.", ...actions, error && h("p", { class: "small-print" }, `오류 코드 ${error.code}`));
}

/** A picture of it, or where one will be. */
export function poster(/** @type {Pick<Video, "poster_url">} */ { poster_url: source }) {
  const none = () => h("span", { class: "poster poster-none", "aria-hidden": "true" });
  if (!source) return none();
  const image = h("img", { class: "poster", src: source, alt: "", loading: "lazy", decoding: "async", width: 160, height: 90 });
  image.addEventListener("error", () => image.replaceWith(none()), { once: true });
  return image;
}
