import { ApiError, NetworkError } from "../api.js";

/**
 * Asks for a job until it ends. It goes on through lost connections and busy servers, telling of them,
 * and asks at once when the line or the tab comes back.
 *
 * @typedef {import("./client.js").Job} Job
 * @typedef {{ ask: () => Promise<Job>, signal: AbortSignal, onJob: (job: Job) => void,
 *             onTrouble: (error: Error | null) => void, onRefused: (error: unknown) => void }} Watch
 *          `onTrouble(null)`: the trouble is over; `onRefused`: the job cannot be asked for (404, 403)
 */

const FIRST_MS = 500;
const SLOWEST_MS = 2000;
const SLOWEST_IN_TROUBLE_MS = 5000;
const GROWTH = 1.25;

/** @returns {boolean} */
export function ended(/** @type {string} */ status) {
  return status === "DONE" || status === "FAILED";
}

/** @returns {Promise<void>} settles when the job has ended, was refused, or `signal` aborted */
export async function watchJob(/** @type {Watch} */ watch) {
  let delay = FIRST_MS;
  let troubled = false;
  while (!watch.signal.aborted) {
    let wait = delay;
    try {
      const job = await watch.ask();
      if (watch.signal.aborted) return;
      if (troubled) watch.onTrouble(null);
      troubled = false;
      delay = Math.min(delay, SLOWEST_MS);
      watch.onJob(job);
      if (ended(job.status)) return;
    } catch (error) {
      if (watch.signal.aborted) return;
      if (!(error instanceof NetworkError || (error instanceof ApiError && error.transient))) return watch.onRefused(error);
      troubled = true;
      watch.onTrouble(error);
      if (error instanceof ApiError) wait = Math.max(wait, error.retryAfterMs);
    }
    await pause(wait, watch.signal);
    delay = Math.min(delay * GROWTH, troubled ? SLOWEST_IN_TROUBLE_MS : SLOWEST_MS);
  }
}

/** Wait, but not past the moment the line or the tab comes back. @returns {Promise<void>} */
function pause(/** @type {number} */ ms, /** @type {AbortSignal} */ signal) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { signal: over.signal });
    window.addEventListener("online", done, { signal: over.signal });
    document.addEventListener("visibilitychange", () => document.hidden || done(), { signal: over.signal });
  });
}
