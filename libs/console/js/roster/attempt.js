import { newKey } from "../api.js";

/** @typedef {import("./client.js").Draft} Draft */

/**
 * The Idempotency-Key of what is being sent: the same draft keeps its key until the server has answered,
 * so a double click, or a retry after the line broke, is one job.
 */
export class Attempt {
  /** @type {Draft | null} */ #draft = null;
  #key = "";

  /** @returns {string} */
  keyFor(/** @type {Draft} */ draft) {
    if (!this.#draft || !same(this.#draft, draft)) {
      this.#draft = { ...draft };
      this.#key = newKey();
    }
    return this.#key;
  }

  /** The server has judged this draft; sending it again is a new wish. */
  settle() {
    this.#draft = null;
  }
}

/** @returns {boolean} */
function same(/** @type {Draft} */ a, /** @type {Draft} */ b) {
  return a.file === b.file && a.lectureId === b.lectureId && a.sessionId === b.sessionId
    && a.password === b.password && a.dryRun === b.dryRun && a.force === b.force;
}
