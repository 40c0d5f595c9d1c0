import { ApiError, NetworkError } from "../api.js";

/**
 * Asks again and again until it is over, through lost connections and busy servers, telling of them, and at once when
 * the line or the tab comes back.
 *
 * @template T
 * @typedef {{ ask: () => Promise<T>, signal: AbortSignal, first: number, slowest: number, over?: (value: T) => boolean,
 *             inSight?: boolean, onValue: (value: T) => void, onTrouble: (error: Error | null) => void,
 *             onRefused: (error: unknown) => void }} Watch
 *          `first`, `slowest`: ms between two questions, growing from one to the other; `inSight`: not while the tab is
 *          hidden; `onTrouble(null)`: the trouble is over; `onRefused`: it cannot be asked for (404, 403)
 */

const SLOWEST_IN_TROUBLE_MS = 5000;
const GROWTH = 1.25;
export const FIRST_WAIT_MS = 1000;
export const LONGEST_WAIT_MS = 30_000;

/** @template T @param {Watch<T>} spec @returns {Promise<void>} settles when it is over, was refused, or `signal` aborted */
export async function watch(spec) {
  let delay = spec.first;
  let troubled = false;
  while (!spec.signal.aborted) {
    let wait = delay;
    try {
      const value = await spec.ask();
      if (spec.signal.aborted) return;
      if (troubled) spec.onTrouble(null);
      troubled = false;
      delay = Math.min(delay, spec.slowest);
      spec.onValue(value);
      if (spec.over?.(value)) return;
    } catch (error) {
      if (spec.signal.aborted) return;
      if (!passing(error)) return spec.onRefused(error);
      troubled = true;
      spec.onTrouble(/** @type {Error} */ (error));
      if (error instanceof ApiError) wait = Math.max(wait, error.retryAfterMs);
    }
    await pause(wait, spec);
    delay = Math.min(delay * GROWTH, troubled ? Math.max(spec.slowest, SLOWEST_IN_TROUBLE_MS) : spec.slowest);
  }
}

/** Whether asking again may help. @returns {boolean} */
export function passing(/** @type {unknown} */ error) {
  return error instanceof NetworkError || (error instanceof ApiError && error.transient);
}

/**
 * Do something that must succeed in the end: again after a lost connection or a busy server, less and less often.
 * @template T @param {() => Promise<T>} work @param {{ signal: AbortSignal, onTrouble: (error: Error | null) => void }} spec
 * @returns {Promise<T>} Throws what does not pass by itself, or the signal's reason.
 */
export async function persist(work, { signal, onTrouble }) {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      signal.throwIfAborted();
      const value = await work();
      if (wait > FIRST_WAIT_MS) onTrouble(null);
      return value;
    } catch (error) {
      signal.throwIfAborted();
      if (!passing(error)) throw error;
      onTrouble(/** @type {Error} */ (error));
      await pause(wait, { signal });
    }
  }
}

/** Wait, but not past the moment the line or the tab comes back. @returns {Promise<void>} */
export function pause(/** @type {number} */ ms, /** @type {{ signal: AbortSignal, inSight?: boolean }} */ { signal, inSight = false }) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(() => (inSight && document.hidden) || done(), ms);
    signal.addEventListener("abort", done, { signal: over.signal });
    window.addEventListener("online", done, { signal: over.signal });
    document.addEventListener("visibilitychange", () => document.hidden || done(), { signal: over.signal });
  });
}
