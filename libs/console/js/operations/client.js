/**
 * The operations API of all services as these pages need it. Every function throws what Api throws.
 *
 * @typedef {{ queue: string, visible: number, in_flight: number, delayed: number, measured_at: string }} QueueState
 * @typedef {{ published: { destination: string, type: string, hour: string, sent: number, unsent: number, parked: number }[],
 *             settled: { type: string, hour: string, handled: number, dead: number, duplicates: number }[],
 *             queues: QueueState[] }} Ledger
 * @typedef {{ name: string, due_at: string | null, started_at: string | null, finished_at: string | null,
 *             last_error: string | null }} Task
 * @typedef {{ fingerprint: string, type: string, handler: string, reason: string, place: string, count: number, tenants: number,
 *             first_seen: string, last_seen: string, forecast: string | null }} Cause
 * @typedef {{ id: string, tenant_id: string, event_id: string | null, type: string, handler: string, reason: string, place: string,
 *             fingerprint: string, correlation_id: string | null, published_at: string | null, source_queue: string,
 *             attempts: number, seen: number, first_seen: string, last_seen: string, state: string, edited: boolean }} Letter
 * @typedef {Letter & { payload: Record<string, any> | null, bytes: number }} LetterDetail
 * @typedef {"rehearsing" | "rehearsed" | "applying" | "paused" | "stopped" | "done" | "cancelled"} ReplayState
 * @typedef {{ id: string, filter: Record<string, any>, total: number, state: ReplayState, step: number, stop_reason: string | null,
 *             created_by: string, created_at: string, approved_by: string | null, approved_at: string | null, ended_at: string | null,
 *             counts: Record<string, Record<string, number>>,
 *             groups: { fingerprint: string, type: string, forecast: string, outcome: string, reason: string | null, count: number }[] }} Replay
 * @typedef {{ position: number, dead_letter_id: string, type: string, fingerprint: string, forecast: string | null,
 *             changes: Record<string, number> | null, outcome: string | null, reason: string | null }} Item
 * @typedef {{ sent: { id: string, type: string, subject: string, destination: string, caused_by: string | null, created_at: string,
 *                     sent_at: string | null, attempts: number, error: string | null }[],
 *             handled: { id: string, type: string, handler: string, handled_at: string, receives: number, duplicates: number }[],
 *             died: { id: string | null, type: string, reason: string, place: string, state: string, last_seen: string }[],
 *             complete: boolean }} FlowPart
 * @typedef {Map<string, unknown>} Silent  services that did not answer, and why
 * @typedef {{ parts: Map<string, FlowPart>, silent: Silent, flows: string[] }} Flow
 */
import { ApiError } from "../api.js";
import { SERVICE_CODES } from "../labels.js";
import { passing } from "../ui/watch.js";

const LONG_MS = 60_000;

export class OperationsClient {
  constructor(/** @type {import("../api.js").Api} */ api) {
    this.api = api;
  }

  /** @returns {Promise<any>} */
  get(/** @type {string} */ service, /** @type {string} */ path, /** @type {AbortSignal} */ signal, /** @type {Record<string, any>} */ query = {}) {
    return this.api.get(at(service, path), { query, signal });
  }

  /** @returns {Promise<any>} */
  post(/** @type {string} */ service, /** @type {string} */ path, /** @type {unknown} */ body = {}) {
    return this.api.post(at(service, path), body, { timeout: LONG_MS });
  }

  /** @returns {Promise<any>} */
  patch(/** @type {string} */ service, /** @type {string} */ path, /** @type {unknown} */ body) {
    return this.api.patch(at(service, path), body);
  }

  /** What each service says; one that is away does not hide the others. @returns {Promise<{ parts: Map<string, any>, silent: Silent }>} */
  everywhere(/** @type {string} */ path, /** @type {AbortSignal} */ signal, /** @type {Record<string, any>} */ query = {}) {
    return fromEach(SERVICE_CODES, (service) => this.get(service, path, signal, query));
  }

  /** A frozen selection, of which a dry run begins. @returns {Promise<Replay>} */
  createReplay(/** @type {string} */ service, /** @type {Record<string, any>} */ filter) {
    return this.post(service, "replays/", filter);
  }

  /** @returns {Promise<{ discarded: number }>} */
  discard(/** @type {string} */ service, /** @type {Record<string, any>} */ filter) {
    return this.post(service, "dead_letters/discard/", filter);
  }

  /** Every service's part of all flows in which the reference occurs, and these flows' ids. @returns {Promise<Flow>} */
  async flow(/** @type {string} */ reference, /** @type {AbortSignal} */ signal) {
    const found = await fromEach(SERVICE_CODES, (service) => this.#flowsOf(service, reference, signal));
    const flows = new Set([...found.parts.values()].flat());
    const ids = [...new Set([...flows, reference])].sort().slice(0, 100).join(",");
    const { parts, silent } = await this.everywhere("flows/", signal, { ids });
    return { parts, silent: new Map([...found.silent, ...silent]), flows: [...flows] };
  }

  /** @returns {Promise<string[]>} */
  async #flowsOf(/** @type {string} */ service, /** @type {string} */ reference, /** @type {AbortSignal} */ signal) {
    try {
      return (await this.get(service, `flows/${encodeURIComponent(reference)}/`, signal)).results;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return []; // with a slash in it, it is no reference at all
      throw error;
    }
  }
}

/**
 * One answer per service. Throws when the error is not one of being away, or when nobody is there.
 * @template T
 * @param {readonly string[]} services @param {(service: string) => Promise<T>} read
 * @returns {Promise<{ parts: Map<string, T>, silent: Silent }>}
 */
export async function fromEach(services, read) {
  const answers = await Promise.allSettled(services.map(read));
  const parts = /** @type {Map<string, T>} */ (new Map());
  const silent = /** @type {Silent} */ (new Map());
  for (const [i, answer] of answers.entries()) {
    if (answer.status === "fulfilled") parts.set(services[i], answer.value);
    else if (passing(answer.reason)) silent.set(services[i], answer.reason);
    else throw answer.reason;
  }
  if (!parts.size && silent.size) throw silent.values().next().value;
  return { parts, silent };
}

/** @returns {boolean} */
export function isCode(/** @type {unknown} */ error, /** @type {string} */ code) {
  return error instanceof ApiError && error.code === code;
}

/** @returns {string} */
function at(/** @type {string} */ service, /** @type {string} */ path) {
  return `operations/${encodeURIComponent(service)}/${path}`;
}
