/**
 * Workbooks that the service makes: asked for, followed, downloaded within 24 hours. Every function throws what Api throws.
 *
 * @typedef {"attendance" | "roster" | "import_results" | "failed_rows"} Kind
 * @typedef {{ id: string, kind: string, target_id: string, status: string,
 *             progress: { percent: number, rows_done: number, rows_total: number }, file_name: string, bytes: number | null,
 *             download_url: string | null, error_code: string | null, error_message: string | null, requested_by: string,
 *             created_at: string, expires_at: string | null }} Export  `download_url` is good for 10 minutes
 */

const BASE = "enrollments/exports/";

export class ExportsClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** The same content is the same export. @returns {Promise<Export>} */
  ask(/** @type {Kind} */ kind, /** @type {string} */ target_id) {
    return this.api.post(BASE, { kind, target_id });
  }

  /** @returns {Promise<Export>} */
  show(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}${encodeURIComponent(id)}/`, { signal });
  }

  /** @returns {Promise<import("../api.js").Page>} newest first */
  page(/** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(BASE, { query: { page_size: 20, ...query }, signal });
  }
}
