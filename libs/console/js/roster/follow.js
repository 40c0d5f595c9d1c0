import { ApiError } from "../api.js";
import { passing, pause, watch } from "../ui/watch.js";

/**
 * @typedef {import("./client.js").Job} Job
 * @typedef {{ client: import("./client.js").RosterClient, id: string, signal: AbortSignal, onJob: (job: Job) => void,
 *             onTrouble: (error: Error | null) => void, onRefused: (error: unknown) => void }} Follow
 */

const AGAIN_MS = 500;
const FIRST_MS = 500;
const SLOWEST_MS = 2000;

/** Whether nothing moves by itself any more: neither the import nor its undoing. @returns {boolean} */
export function atRest(/** @type {Job} */ job) {
  return (job.status === "DONE" || job.status === "FAILED") && job.undo?.status !== "UNDOING";
}

/**
 * Tell of a job as it moves: as the server tells of it, and by asking again and again where its streams are taken (503) or
 * the line breaks. @returns {Promise<void>} settles when the job is at rest, was refused, or `signal` aborted
 */
export async function followJob(/** @type {Follow} */ { client, id, onTrouble, ...spec }) {
  const { signal, onJob, onRefused } = spec;
  try {
    while (!signal.aborted) {
      for await (const job of client.jobEvents(id, signal)) {
        if (signal.aborted) return;
        onJob(job);
        if (atRest(job)) return;
      }
      await pause(AGAIN_MS, { signal }); // a stream lasts 50 s at most
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!passing(error)) return onRefused(error);
    const taken = error instanceof ApiError && error.code === "too_many_streams"; // the server is well
    if (!taken) onTrouble(/** @type {Error} */ (error));
    return watch({
      ask: () => client.job(id, signal), signal, first: FIRST_MS, slowest: SLOWEST_MS, over: atRest, onRefused,
      onValue: (job) => {
        onTrouble(null);
        onJob(job);
      },
      onTrouble,
    });
  }
}
