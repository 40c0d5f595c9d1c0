/**
 * The messaging API as these pages need it. Every function throws what Api throws. Amounts are decimal texts in KRW.
 *
 * @typedef {{ id: string, category: string, name: string, purpose: "INFO" | "AD", content: string, subject: string | null,
 *             review: "" | "PENDING" | "APPROVED" | "REJECTED", review_comment: string | null, submitted_at: string | null,
 *             created_at: string, updated_at: string }} Template
 * @typedef {{ field: "body" | "subject", position: number, character: string }} Unsendable
 * @typedef {{ text: string, subject: string | null, kind: "SMS" | "LMS" | null, bytes: number, limit: number, characters: number,
 *             variables: string[], missing_variables: string[], unsendable: Unsendable[] }} Preview
 * @typedef {import("./compose/content.js").Content & { student_ids: string[], send_to: "parent" | "student", at: string | null, not_after: string | null }} Ask
 * @typedef {{ code: string, reason: string, count: number, students: string[] }} Skipped
 * @typedef {{ code: string, reason: string, count: number, until: string }} Deferred
 * @typedef {{ kind: string, count: number, price: string, fallback_price: string | null, amount: string, amount_at_most: string }} KindOf
 * @typedef {{ counts: { students: number, messages: number, shared: number, skipped: Skipped[], deferred: Deferred[] }, kinds: KindOf[],
 *             price: string, price_at_most: string, balance: string, balance_after: string, sufficient: boolean,
 *             paused: { code: string, reason: string } | null, sample: { text: string, subject: string | null } | null, confirm: string }} Estimate
 *          of a request it is without `confirm`
 * @typedef {{ id: string, event: string, category: "INFO" | "AD", mode: string, template_id: string | null, template_name: string | null, total: number,
 *             due_at: string, next_due_at: string | null, created_by: string, created_at: string, cancelled_by: string | null, cancelled_at: string | null,
 *             states: Record<string, number>, reasons: { state: string, code: string, reason: string, count: number }[], reserved: string, settled: string }} Batch
 * @typedef {{ id: string, batch_id: string | null, event: string, channel: string, kind: string, category: "INFO" | "AD", recipient: string | null,
 *             students: { id: string, name: string }[], state: string, code: string | null, reason: string | null, attempt: number, created_at: string }} Entry
 * @typedef {Entry & { template_name: string | null, price: string | null, money: "open" | "settled" | "released" | null, replaced: boolean, due_at: string,
 *             not_after: string | null, attempted_at: string | null, ended_at: string | null }} LogEntry
 * @typedef {Entry & { attempted_at: string, asked: number, ask_at: string | null }} AmbiguousEntry
 * @typedef {{ trigger: string, title: string, policy: string, variables: string[], enabled: boolean, switchable: boolean, template_id: string | null,
 *             mode: "sms" | "alimtalk" | "both", changed_by: string | null, updated_at: string | null }} Trigger
 * @typedef {{ id: string, title: string, target: "parent" | "student", occurrence: string, variables: Record<string, string>, state: string, reason: string | null,
 *             students: number, queued: number, skipped: number, created_at: string, decided_at: string | null, decided_by: string | null }} Request
 * @typedef {{ display_name: string | null, sender: string | null, kakao_pfid: string | null, opt_out_number: string | null, is_active: boolean, hold: boolean,
 *             daily_cap: number, hourly_cap: number, sms_price: string, lms_price: string, alimtalk_price: string, low_balance: string, credit_balance: string }} Info
 * @typedef {{ hold: boolean, reason: string | null, held_by: string | null, held_at: string | null }} Hold
 * @typedef {{ fingerprint: string, recipient: string | null, reason: string, created_by: string, created_at: string }} Denial
 * @typedef {{ fingerprint: string, recipient: string | null, scope: "ad" | "all", source: string, created_at: string }} OptOut
 * @typedef {{ fingerprint: string, recipient: string | null, kind: "ad" | "night", given: boolean, changed_at: string, confirmed_at: string,
 *             notified_at: string | null, notice_by: string | null, renew_by: string | null }} Consent
 * @typedef {{ kind: string, action: string, at: string, via: string, evidence: string | null, recorded_by: string, recorded_at: string }} ConsentEntry
 * @typedef {{ recorded: number, ignored: number, unreachable: string[] }} Recorded  numbers, numbers that had said nothing, students without one
 * @typedef {"denylist" | "opt-outs"} Refusals
 * @typedef {{ kind: string, amount: string, reference: string, created_by: string, created_at: string }} CreditEntry
 * @typedef {import("../api.js").Page} Page
 */

const BASE = "messaging/";
const PAGE_SIZE = 50;
const LONG_MS = 60_000; // ten thousand recipients are judged in one request

export class MessagingClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** A list's page. @returns {Promise<Page>} */
  page(/** @type {string} */ path, /** @type {Record<string, any>} */ query, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}${path}`, { query: { page_size: PAGE_SIZE, ...query }, signal });
  }

  // --- writing and sending

  /** @returns {Promise<Preview>} */
  preview(/** @type {Record<string, any>} */ body, /** @type {AbortSignal} */ signal) {
    return this.api.post(`${BASE}templates/preview/`, body, { signal });
  }

  /** What sending it comes to; nothing is written. @returns {Promise<Estimate>} */
  estimate(/** @type {Ask} */ ask, /** @type {AbortSignal} */ signal) {
    return this.api.post(`${BASE}estimate/`, ask, { signal, timeout: LONG_MS });
  }

  /** Exactly what the estimate of `confirm` said, once. @returns {Promise<{ batch_id: string }>} */
  send(/** @type {Ask} */ ask, /** @type {string} */ confirm, /** @type {string} */ key) {
    return this.api.post(`${BASE}send/`, { ...ask, confirm }, { key, timeout: LONG_MS });
  }

  /** Those who are in a lecture now. @returns {Promise<{ id: string, name: string }[]>} */
  async studentsOf(/** @type {string} */ lecture, /** @type {AbortSignal} */ signal) {
    const rows = await this.api.all("enrollments/", { query: { lecture, status: "ACTIVE" }, signal });
    return rows.map((row) => ({ id: row.student_id, name: row.student_name }));
  }

  // --- what became of it

  /** @returns {Promise<Batch>} */
  batch(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(one("batches", id), { signal });
  }

  /** `went`: what had begun before. @returns {Promise<{ cancelled: number, went: number }>} */
  cancelBatch(/** @type {string} */ id) {
    return this.api.post(`${one("batches", id)}cancel/`, {}, { timeout: LONG_MS });
  }

  /** @returns {Promise<LogEntry>} */
  cancelMessage(/** @type {string} */ id) {
    return this.api.post(`${one("messages", id)}cancel/`, {});
  }

  // --- what triggers asked for

  /** @returns {Promise<Omit<Estimate, "confirm">>} */
  estimateRequest(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(`${one("requests", id)}estimate/`, { signal });
  }

  /** @returns {Promise<Request>} */
  confirmRequest(/** @type {string} */ id) {
    return this.api.post(`${one("requests", id)}confirm/`, {}, { timeout: LONG_MS });
  }

  /** @returns {Promise<Request>} */
  dismissRequest(/** @type {string} */ id) {
    return this.api.post(`${one("requests", id)}dismiss/`, {});
  }

  // --- templates

  /** Every one. @returns {Promise<Template[]>} */
  templates(/** @type {AbortSignal} */ signal) {
    return this.api.all(`${BASE}templates/`, { signal });
  }

  /** @returns {Promise<Template>} */
  template(/** @type {string} */ id, /** @type {AbortSignal} */ signal) {
    return this.api.get(one("templates", id), { signal });
  }

  /** @returns {Promise<Template>} */
  createTemplate(/** @type {Record<string, any>} */ values, /** @type {string} */ key) {
    return this.api.post(`${BASE}templates/`, values, { key });
  }

  /** @returns {Promise<Template>} */
  changeTemplate(/** @type {string} */ id, /** @type {Record<string, any>} */ values) {
    return this.api.patch(one("templates", id), values);
  }

  /** Hand it in to Kakao, as it is stored. @returns {Promise<Template>} */
  submitTemplate(/** @type {string} */ id) {
    return this.api.post(`${one("templates", id)}submit-review/`, {});
  }

  /** @returns {Promise<void>} */
  deleteTemplate(/** @type {string} */ id) {
    return this.api.delete(one("templates", id));
  }

  // --- consent and refusal

  /** What one number's holder said. @returns {Promise<Recorded>} */
  recordConsent(/** @type {Record<string, any>} */ said) {
    return this.api.post(`${BASE}consent/`, said);
  }

  /** What many students' numbers' holders said. @returns {Promise<Recorded>} */
  recordConsents(/** @type {Record<string, any>} */ said) {
    return this.api.post(`${BASE}consent/bulk/`, said, { timeout: LONG_MS });
  }

  /** @returns {Promise<Denial | OptOut>} */
  refuse(/** @type {Refusals} */ list, /** @type {Record<string, string>} */ values) {
    return this.api.post(`${BASE}${list}/`, values);
  }

  /** Take a number off the list. @returns {Promise<void>} */
  allow(/** @type {Refusals} */ list, /** @type {string} */ fingerprint, /** @type {string} */ reason) {
    return this.api.post(`${one(list, fingerprint)}remove/`, { reason });
  }

  // --- settings

  /** Every trigger there is. @returns {Promise<Trigger[]>} */
  async triggers(/** @type {AbortSignal} */ signal) {
    return (await this.api.get(`${BASE}auto-send/`, { signal })).results;
  }

  /** @returns {Promise<Trigger>} */
  setTrigger(/** @type {string} */ trigger, /** @type {{ enabled?: boolean, template_id?: string | null, mode?: string }} */ changes) {
    return this.api.patch(`${BASE}auto-send/`, { trigger, ...changes });
  }

  /** @returns {Promise<Info>} */
  info(/** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}info/`, { signal });
  }

  /** @returns {Promise<Info>} */
  changeInfo(/** @type {Record<string, any>} */ changes) {
    return this.api.patch(`${BASE}info/`, changes);
  }

  /** Ask the provider whether a number may send; what is not registered there throws. @returns {Promise<{ phone: string }>} as it is stored */
  verifySender(/** @type {string} */ phone) {
    return this.api.post(`${BASE}verify-sender/`, { phone });
  }

  /** Whether Alimtalk may leave. @returns {Promise<{ ready: boolean, message: string }>} */
  channel(/** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}channel-check/`, { signal });
  }

  /** @returns {Promise<Hold>} */
  hold(/** @type {AbortSignal} */ signal) {
    return this.api.get(`${BASE}hold/`, { signal });
  }

  /** Once this has answered, no call to the provider begins. @returns {Promise<Hold>} */
  setHold(/** @type {boolean} */ hold, /** @type {string | null} */ reason) {
    return this.api.put(`${BASE}hold/`, { hold, reason });
  }
}

/** @returns {string} */
function one(/** @type {string} */ list, /** @type {string} */ id) {
  return `${BASE}${list}/${encodeURIComponent(id)}/`;
}
