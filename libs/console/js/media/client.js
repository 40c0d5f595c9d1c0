/**
 * The media API as these pages need it. Every function throws what Api throws. Times in a video are seconds.
 *
 * @typedef {{ percent: number, step: string | null, step_name: string, step_index: number, step_total: number, step_percent: number,
 *             remaining_seconds: number | null, state: string }} Progress
 * @typedef {{ name: string, width: number, height: number, fps: string, bandwidth: number, codecs: string, bytes: number }} Rendition
 * @typedef {{ id: string, title: string, lecture_id: string, session_id: string, lecture_title: string, session_title: string,
 *             position: number, status: string, playable: boolean, duration: number | null, width: number | null, height: number | null,
 *             raw_bytes: number, raw_keep: boolean, raw_expires_at: string | null, raw_deleted_at: string | null, hls_bytes: number,
 *             poster_url: string | null, error: { code: string, reason: string } | null, progress: Progress | null,
 *             allow_skip: boolean, max_speed: number, show_watermark: boolean, policy_version: number,
 *             renditions: Rendition[], created_at: string, ready_at: string | null }} Video
 * @typedef {{ id: string, kind: "SINGLE" | "MULTIPART", filename: string, size_bytes: number, part_bytes: number, part_count: number,
 *             fingerprint: string, expires_at: string }} Upload
 * @typedef {{ video_id: string, upload: Upload, upload_url: string | null, content_type: string }} OpenUpload
 *          `upload_url`: of a small file, which goes in one piece
 * @typedef {{ session: string, title: string, filename: string, content_type: string, size_bytes: number, fingerprint: string,
 *             allow_skip: boolean, max_speed: number, show_watermark: boolean }} NewVideo
 * @typedef {{ play_url: string | null, poster_url: string | null, storyboard_url: string | null, expires_at: string }} Urls
 * @typedef {{ seek: { mode: "free" | "bounded_forward", limit?: number, grace_seconds?: number }, max_speed: number, watermark: boolean }} Policy
 * @typedef {Urls & { token: string, title: string, session_id: string | null, access_mode: string, monitoring_enabled: boolean, heartbeat_seconds: number,
 *             policy: Policy, last_position: number, duration: number, watermark: { user_id: string } | null }} Playback
 * @typedef {{ id: string, title: string, lecture_id: string, lecture_title: string, session_id: string, session_title: string,
 *             position: number, status: string, duration: number, enrollment_id: string | null, student_id: string | null,
 *             can_play: boolean, access_mode: string | null, reason: string | null, progress: number | null, last_position: number,
 *             completed: boolean }} Listed
 * @typedef {{ mode: string | null, allow_skip: boolean | null, max_speed: number | null, show_watermark: boolean | null }} Override
 * @typedef {{ enrollment_id: string, student_id: string, attendance: string | null, access_mode: string | null, reason: string | null,
 *             override: Override | null, progress: number | null, last_position: number, watched_seconds: number,
 *             completed_at: string | null }} Access
 * @typedef {{ student_id: string, enrollment_id: string, score: number, events: number, violations: number }} Risk
 * @typedef {{ students_total: number, started: number, completed: number, completion_rate: number, average_progress: number,
 *             watched_seconds: number, students: Access[], risk_top: Risk[] }} Stats
 * @typedef {{ range: string, sessions: number, viewers: number, revoked: number, events: number, violations: number, risk_top: Risk[] }} Summary
 * @typedef {import("../api.js").Page} Page
 */

const BASE = "media/";
const PAGE_SIZE = 30;

export class MediaClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** @returns {Promise<Page>} */
  videos(/** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}videos/`, { query: { page_size: PAGE_SIZE, ...query }, signal });
  }

  /** @returns {Promise<Video>} */
  video(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(one(id), { signal });
  }

  /** @returns {Promise<Video>} */
  change(/** @type {string} */ id, /** @type {Record<string, any>} */ changes) {
    return this.api.patch(one(id), changes);
  }

  /** @returns {Promise<void>} */
  delete(/** @type {string} */ id) {
    return this.api.delete(one(id));
  }

  /** @returns {Promise<Video>} */
  retry(/** @type {string} */ id) {
    return this.api.post(one(id, "retry/"), {});
  }

  /** Whether the original outlives its retention. @returns {Promise<Video>} */
  keep(/** @type {string} */ id, /** @type {boolean} */ keep) {
    return this.api.post(one(id, "keep/"), { keep });
  }

  /** @returns {Promise<{ max_video_bytes: number, quota_bytes: number, used_bytes: number }>} */
  limits(/** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}settings/`, { signal });
  }

  // --- uploads ---

  /** @returns {Promise<OpenUpload>} */
  openUpload(/** @type {NewVideo} */ video, /** @type {string} */ key, /** @type {AbortSignal} */ signal) {
    return this.api.post(`${BASE}videos/upload/init/`, video, { key, signal });
  }

  /** The caller's uploads that can go on, never many. @returns {Promise<OpenUpload[]>} */
  async openUploads(/** @type {AbortSignal} */ signal) {
    return (await this.api.get(`${BASE}uploads/`, { signal })).results;
  }

  /** `stored`: the store has all of it. @returns {Promise<OpenUpload & { stored: boolean, uploaded_parts: number[] }>} */
  upload(/** @type {string} */ video, /** @type {AbortSignal} */ signal) {
    return this.api.get(one(video, "upload/"), { signal });
  }

  /** @returns {Promise<Map<number, string>>} */
  async presign(/** @type {string} */ video, /** @type {number[]} */ numbers, /** @type {AbortSignal} */ signal) {
    const { results } = await this.api.post(one(video, "upload/presign/"), { parts: numbers }, { signal });
    return new Map(results.map((/** @type {any} */ each) => [each.part, each.url]));
  }

  /** All is sent: it waits for an encoder, or is FAILED by its first bytes. @returns {Promise<Video>} */
  completeUpload(/** @type {string} */ video, /** @type {AbortSignal} */ signal) {
    return this.api.post(one(video, "upload/complete/"), {}, { signal, timeout: 120_000 });
  }

  /** @returns {Promise<void>} */
  cancelUpload(/** @type {string} */ video) {
    return this.api.post(one(video, "upload/cancel/"), {});
  }

  // --- watching ---

  /** Signed addresses for staff. @returns {Promise<Urls>} */
  preview(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.post(one(id, "preview/"), {}, { signal });
  }

  /** Videos (`Listed`) of a session, else of all lectures, as a student, or a parent for the children, finds them. @returns {Promise<Page>} */
  listed(/** @type {string | null} */ session, /** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}videos/student/`, { query: { session, cursor, page_size: PAGE_SIZE }, signal });
  }

  /** @returns {Promise<Playback>} */
  startPlayback(/** @type {{ video_id: string, enrollment_id: string, device_id: string }} */ what, /** @type {AbortSignal} */ signal) {
    return this.api.post(`${BASE}playback/start/`, what, { signal });
  }

  /** @returns {Promise<any>} */
  playback(/** @type {"refresh" | "heartbeat" | "events" | "end"} */ what, /** @type {Record<string, any>} */ body, /** @type {import("../api.js").Options} */ options) {
    return this.api.post(`${BASE}playback/${what}/`, body, options);
  }

  // --- who may watch, and who did ---

  /** Every student of the video's lecture. @returns {Promise<Access[]>} */
  access(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.all(one(id, "access/"), { signal });
  }

  /** @returns {Promise<Access>} */
  setAccess(/** @type {string} */ id, /** @type {string} */ enrollment, /** @type {Override} */ override) {
    return this.api.put(one(id, `access/${encodeURIComponent(enrollment)}/`), override);
  }

  /** Back to the rule. @returns {Promise<void>} */
  clearAccess(/** @type {string} */ id, /** @type {string} */ enrollment) {
    return this.api.delete(one(id, `access/${encodeURIComponent(enrollment)}/`));
  }

  /** @returns {Promise<Stats>} */
  stats(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(one(id, "stats/"), { signal });
  }

  /** @returns {Promise<Summary>} */
  summary(/** @type {string} */ id, /** @type {"24h" | "7d"} */ range, /** @type {AbortSignal} */ signal) {
    return this.api.get(one(id, "summary/"), { query: { range }, signal });
  }

  /** What players told of, the newest first. @returns {Promise<Page>} */
  events(/** @type {string} */ id, /** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}video-playback-events/`, { query: { video: id, cursor, page_size: PAGE_SIZE }, signal });
  }

  /** All of them as a file. @returns {Promise<{ blob: Blob, name: string }>} */
  exportEvents(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.download(`${BASE}video-playback-events/export/`, { query: { video: id }, signal });
  }

  /** Names of a lecture's students by enrollment. @returns {Promise<Map<string, string>>} */
  async names(/** @type {string} */ lecture, /** @type {AbortSignal} */ signal) {
    const rows = await this.api.all("enrollments/", { query: { lecture }, signal });
    return new Map(rows.map((row) => [row.id, row.student_name]));
  }
}

function one(/** @type {string} */ id, rest = "") {
  return `${BASE}videos/${encodeURIComponent(id)}/${rest}`;
}
