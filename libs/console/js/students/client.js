/**
 * The students API as these pages need it. Every function throws what Api throws.
 *
 * @typedef {{ id: string, name: string, color?: string | null }} Tag
 * @typedef {{ id: string, name: string, login_id: string | null, student_phone: string | null, parent_phone: string,
 *             school: string | null, school_type: string | null, grade: number | null, gender: string | null,
 *             school_class: string | null, major: string | null, origin_school: string | null, omr_code: string,
 *             uses_identifier: boolean, is_managed: boolean, tags: Tag[], created_at: string,
 *             deleted_at: string | null, deleted_days_left: number | null }} Student
 * @typedef {{ memo: string | null, address: string | null, custom_fields: Record<string, string>, must_change: boolean | null,
 *             parent: { id: string, name: string, phone: string, login_id: string | null, must_change: boolean | null } | null,
 *             siblings: { id: string, name: string }[], photo_url: string | null,
 *             hold: { reason: string, until: string | null, created_by: string, created_at: string } | null,
 *             merged_into: string | null, version: number, updated_at: string }} More
 * @typedef {Student & More} Detail
 * @typedef {{ id: string, code: string, reason: string, conflict_student_id?: string | null }} Skipped
 * @typedef {{ id: string, deleted_at: string, login_id: string | null, days_left?: number, holdings: Record<string, number> }} Twin
 * @typedef {{ name: string, parent_phone: string, refused: string | null, keep: Twin, remove: Twin[] }} Group
 * @typedef {{ duplicate_groups: number, records_to_remove: number, refused_groups: number, digest: string,
 *             groups: Group[], services: Record<string, string> }} Plan
 * @typedef {import("../api.js").Page} Page
 */

const BASE = "students/";
const PAGE_SIZE = 50;
const AT_ONCE = 500; // as many ids as one request takes
const LONG_MS = 60_000;
export const MAX_PHOTO_BYTES = 2 * 1024 * 1024;

export class StudentsClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** @returns {Promise<Page>} */
  page(/** @type {string} */ path, /** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}${path}`, { query: { page_size: PAGE_SIZE, ...query }, signal });
  }

  /** @returns {Promise<Detail>} */
  show(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(one(id), { signal });
  }

  /** @returns {Promise<Detail>} */
  create(/** @type {Record<string, any>} */ values, /** @type {string} */ key) {
    return this.api.post(BASE, values, { key });
  }

  /** @returns {Promise<Detail>} */
  change(/** @type {string} */ id, /** @type {Record<string, any>} */ changes) {
    return this.api.patch(one(id), changes);
  }

  /** @returns {Promise<{ blob: Blob, name: string }>} */
  export(/** @type {Record<string, string>} */ filters, /** @type {AbortSignal} */ signal) {
    return this.api.download(`${BASE}export/`, { query: filters, signal });
  }

  /** @returns {Promise<void>} */
  delete(/** @type {string} */ id) {
    return this.api.delete(one(id));
  }

  /** @returns {Promise<{ done: number, skipped: Skipped[] }>} */
  deleteAll(/** @type {string[]} */ ids) {
    return this.#inBatches("bulk_delete/", "deleted", ids);
  }

  /** @returns {Promise<{ done: number, skipped: Skipped[] }>} */
  restoreAll(/** @type {string[]} */ ids) {
    return this.#inBatches("bulk_restore/", "restored", ids);
  }

  /** @returns {Promise<{ done: number, skipped: Skipped[] }>} */
  purgeAll(/** @type {string[]} */ ids) {
    return this.#inBatches("bulk_permanent_delete/", "deleted", ids);
  }

  /** The one record in the trash that a new student would repeat: bring it back, or put the new one in its place. */
  async resolve(/** @type {string} */ studentId, /** @type {"restore" | "delete"} */ action, /** @type {Record<string, any>} */ values) {
    const { initial_password, tags, ...student_data } = values;
    const resolutions = [{ row: 1, student_id: studentId, action, student_data }];
    const answer = await this.api.post(`${BASE}bulk_resolve_conflicts/`, { initial_password, resolutions }, { timeout: LONG_MS });
    return /** @type {{ results: Record<string, any>[], failed: { error: string }[] }} */ (answer);
  }

  // --- parts of one student

  /** @returns {Promise<Detail>} */
  putPhoto(/** @type {string} */ id, /** @type {File} */ file, /** @type {AbortSignal} */ signal) {
    const form = new FormData();
    form.set("file", file, file.name);
    return /** @type {Promise<Detail>} */ (this.api.upload(`${one(id)}photo/`, form, { method: "PUT", signal }));
  }

  /** @returns {Promise<void>} */
  removePhoto(/** @type {string} */ id) {
    return this.api.delete(`${one(id)}photo/`);
  }

  /** @returns {Promise<void>} `who` is a student or "parents/<id>" */
  resetPassword(/** @type {string} */ who, /** @type {string} */ password) {
    return this.api.post(`${BASE}${who}/reset_password/`, { new_password: password });
  }

  /** @returns {Promise<Detail>} */
  hold(/** @type {string} */ id, /** @type {{ reason: string, until?: string }} */ hold) {
    return this.api.post(`${one(id)}hold/`, hold);
  }

  /** @returns {Promise<void>} */
  release(/** @type {string} */ id) {
    return this.api.delete(`${one(id)}hold/`);
  }

  /** @returns {Promise<Tag[]>} */
  tags(/** @type {AbortSignal} */ signal) {
    return this.api.all(`${BASE}tags/`, { signal });
  }

  /** @returns {Promise<Tag>} */
  createTag(/** @type {string} */ name) {
    return this.api.post(`${BASE}tags/`, { name });
  }

  /** @returns {Promise<{ tags: Tag[] }>} */
  tag(/** @type {string} */ id, /** @type {"add_tag" | "remove_tag"} */ what, /** @type {string} */ tagId) {
    return this.api.post(`${one(id)}${what}/`, { tag_id: tagId });
  }

  // --- duplicates, merges, registrations

  /** @returns {Promise<Plan>} */
  plan(/** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}deleted_duplicates_check/`, { signal, timeout: LONG_MS });
  }

  /** @returns {Promise<{ removed: number, groups: number, refused_groups: number, skipped: Skipped[], erasure_ids: string[] }>} */
  fix(/** @type {string} */ digest, /** @type {string} */ key) {
    return this.api.post(`${BASE}deleted_duplicates_fix/`, { digest }, { key, timeout: LONG_MS });
  }

  /** Anything that is a POST and no more. @returns {Promise<any>} */
  send(/** @type {string} */ path, /** @type {unknown} */ body = {}) {
    return this.api.post(`${BASE}${path}`, body, { timeout: LONG_MS });
  }

  /** @returns {Promise<{ auto_approve: boolean }>} */
  settings(/** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}registration_requests/settings/`, { signal });
  }

  /** @returns {Promise<{ auto_approve: boolean }>} */
  setAutoApprove(/** @type {boolean} */ on) {
    return this.api.patch(`${BASE}registration_requests/settings/`, { auto_approve: on });
  }

  /** @returns {Promise<any>} */
  certificate(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}erasures/${encodeURIComponent(id)}/`, { signal });
  }

  async #inBatches(/** @type {string} */ path, /** @type {string} */ count, /** @type {string[]} */ ids) {
    const total = { done: 0, skipped: /** @type {Skipped[]} */ ([]) };
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const answer = await this.send(path, { ids: ids.slice(start, start + AT_ONCE) });
      total.done += answer[count];
      total.skipped.push(...answer.skipped);
    }
    return total;
  }
}

/** @returns {string} */
function one(/** @type {string} */ id) {
  return `${BASE}${encodeURIComponent(id)}/`;
}
