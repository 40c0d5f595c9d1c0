/**
 * The storage-janitor's API as these pages need it. Every function throws what Api throws.
 *
 * @typedef {{ objects: number, bytes: number, usd: string }} Share  `usd` a month
 * @typedef {{ day: string, bytes: number }} Day
 * @typedef {{ prices: { storage_gb_month: string, class_a_million: string, class_b_million: string, free_gb: number, as_of: string },
 *             total: { byte_months: number, usd: string, forecast: { days: number, bytes: number, usd: string }[] },
 *             listing: { pages: number, usd: string }, buckets: (Share & { bucket: string })[],
 *             classes: (Share & { bucket: string, class: string })[], tenants: (Share & { tenant_id: string })[], days: Day[] }} Usage
 * @typedef {{ bytes: number, classes: { bucket: string, class: string, objects: number, bytes: number }[], days: Day[] }} OwnUsage
 * @typedef {{ objects: number, percent: number, bytes: number, floor: number }} Fuse
 * @typedef {{ name: string, bucket: string, pattern: string, owner: string, action: string, from: string | null, age_seconds: number,
 *             grace_seconds: number, erase: boolean, fuse: Fuse }} Rule
 * @typedef {{ version: number, digest: string, objects_per_second: number, sample: number, rules: Rule[] }} Policy
 * @typedef {{ seq: number, at: string, tenant_id: string, bucket: string, key: string, bytes: number, etag: string, written_at: string,
 *             rule: string, reason: string, cause: string, approver: string, hash: string }} Entry  of the ledger
 * @typedef {{ bucket: string, key: string, rule: string | null, verdict: string, reason: string, detail: string, due_at: string | null,
 *             object: { bytes: number, etag: string, written_at: string } | null, released: boolean | null,
 *             holds: { id: string, kind: string, expires_at: string }[], ledger: Entry[] }} Explanation
 * @typedef {{ id: string, kind: "backtest" | "sweep" | "erasure", parameters: Record<string, any>, state: "PENDING" | "DONE" | "FAILED",
 *             result: any, error: string | null, created_by: string, created_at: string, finished_at: string | null }} Request
 * @typedef {{ rule: string, limit: string, planned: number, allowed: number }} Blown  a fuse that holds a plan back
 * @typedef {{ days: number, fuses: (Blown & { bucket: string })[], due: { bucket: string, rule: string, objects: number, bytes: number }[],
 *             rules: { rule: string, objects: number, bytes: number, saving_usd: string, first_day: string | null, last_day: string | null,
 *                      more_than_now: number, less_than_now: number, sample: string[] }[] }} Backtest
 * @typedef {{ id: string, kind: string, bucket: string | null, subject: string | null, state: string, digest: string, policy_digest: string,
 *             objects: number, bytes: number, saving_usd: string, fuses: Blown[],
 *             reasons: { rule: string, reason: string, objects: number, bytes: number }[],
 *             created_by: string, created_at: string, not_before: string, expires_at: string, approved_by: string | null, approved_at: string | null,
 *             applied_to: number, deleted: number, deleted_bytes: number, kept: Record<string, number>, sampled: number, survivors: number,
 *             ledger_from: number | null, ledger_to: number | null, left_over: number | null, finished_at: string | null,
 *             stop_reason: string | null }} Plan
 * @typedef {{ seq: number, tenant_id: string, bucket: string, key: string, bytes: number, etag: string, written_at: string, rule: string, reason: string }} Item
 * @typedef {{ id: string, kind: string, tenant_id: string, bucket: string | null, value: string, reason: string, created_by: string,
 *             created_at: string, expires_at: string, ended_by: string | null, end_reason: string | null, ended_at: string | null }} Hold
 * @typedef {{ bucket: string, key: string, kind: string, class: string, tenant_id: string, bytes: number, written_at: string | null,
 *             first_seen: string, last_seen: string }} Finding
 * @typedef {{ day: string, bucket: string, class: string, kind: string, objects: number, bytes: number }} TrendPoint
 * @typedef {{ bucket: string, shape: string, sample_key: string, objects: number, bytes: number, first_seen: string, last_seen: string }} Shape
 * @typedef {{ bucket: string, what: string, state: string, wanted: Record<string, any>[], found: Record<string, any>[], checked_at: string }} Drift
 * @typedef {{ id: string, bucket: string, started_at: string, finished_at: string | null, objects: number, bytes: number, pages: number,
 *             policy_digest: string, plan_id: string | null, orphan_plan_id: string | null }} Sweep
 */

const BASE = "storage/";
const LONG_MS = 60_000; // a chain of millions is followed, a bucket is asked

export class StorageClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** @returns {Promise<any>} */
  get(/** @type {string} */ path, /** @type {AbortSignal} */ signal, /** @type {Record<string, any>} */ query = {}) {
    return this.api.get(BASE + path, { query, signal, timeout: LONG_MS });
  }

  /**
   * A page of a list whose rows are known by `id`.
   * @param {string} path @param {Record<string, any>} query @param {AbortSignal} signal @param {(row: any) => string} id
   * @returns {Promise<import("../api.js").Page>}
   */
  async page(path, query, signal, id = (row) => row.id) {
    const page = await this.get(path, signal, { page_size: 50, ...query });
    return { ...page, results: page.results.map((/** @type {any} */ row) => ({ ...row, id: id(row) })) };
  }

  /** @returns {Promise<Plan>} */
  plan(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.get(one("plans", id), signal);
  }

  /** What has become of what was asked for. @returns {Promise<Request>} */
  request(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.get(one("requests", id), signal);
  }

  /** Exactly the plan with this digest may go. @returns {Promise<Plan>} */
  approve(/** @type {Plan} */ plan) {
    return this.#post(`${one("plans", plan.id)}approve/`, { digest: plan.digest });
  }

  /** @returns {Promise<Plan>} */
  reject(/** @type {Plan} */ plan) {
    return this.#post(`${one("plans", plan.id)}reject/`, {});
  }

  /** Now instead of later, or on from where it stopped. @returns {Promise<Plan>} */
  apply(/** @type {Plan} */ plan) {
    return this.#post(`${one("plans", plan.id)}apply/`, {});
  }

  /** `policy` is a policy's text to be tried; without it, the one in force. @returns {Promise<Request>} */
  backtest(/** @type {{ days: number, policy?: string }} */ given) {
    return this.#post("backtests/", given);
  }

  /** @returns {Promise<Request>} */
  sweep(/** @type {string} */ bucket) {
    return this.#post("sweeps/", { bucket });
  }

  /** `in_flight`: what was being deleted at that moment. @returns {Promise<Hold & { in_flight: number }>} */
  hold(/** @type {Record<string, any>} */ values) {
    return this.#post("holds/", values);
  }

  /** @returns {Promise<Hold>} */
  endHold(/** @type {string} */ id, /** @type {string} */ reason) {
    return this.#post(`${one("holds", id)}end/`, { reason });
  }

  /** @returns {Promise<any>} */
  #post(/** @type {string} */ path, /** @type {unknown} */ body) {
    return this.api.post(BASE + path, body, { timeout: LONG_MS });
  }
}

/** @returns {string} */
function one(/** @type {string} */ list, /** @type {string} */ id) {
  return `${list}/${encodeURIComponent(id)}/`;
}
