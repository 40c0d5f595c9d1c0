import { watch } from "../ui/watch.js";

/**
 * @typedef {import("./client.js").Job} Job
 * @typedef {{ ask: () => Promise<Job>, signal: AbortSignal, onJob: (job: Job) => void,
 *             onTrouble: (error: Error | null) => void, onRefused: (error: unknown) => void }} Watch
 */

const FIRST_MS = 500;
const SLOWEST_MS = 2000;

/** @returns {boolean} */
export function ended(/** @type {string} */ status) {
  return status === "DONE" || status === "FAILED";
}

/** Ask for a job until it ends. @returns {Promise<void>} */
export function watchJob(/** @type {Watch} */ { onJob, ...rest }) {
  return watch({ ...rest, first: FIRST_MS, slowest: SLOWEST_MS, over: (job) => ended(job.status), onValue: onJob });
}
