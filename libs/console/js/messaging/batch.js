/** @typedef {import("./client.js").Batch} Batch */

/** States that may still change by themselves. */
const MOVING = ["QUEUED", "CLAIMED", "SENDING", "ACCEPTED", "AMBIGUOUS"];
/** States in which it has not begun, and can be called back. */
export const UNSENT = ["QUEUED", "CLAIMED"];

/** @returns {string} */
export function batchName(/** @type {Batch} */ batch) {
  return batch.template_name ?? "직접 쓴 메시지";
}

/** @returns {boolean} */
export function moving(/** @type {Batch} */ batch) {
  return count(batch, MOVING) > 0;
}

/** @returns {number} */
export function unsent(/** @type {Batch} */ batch) {
  return count(batch, UNSENT);
}

/** @returns {number} */
export function count(/** @type {Batch} */ batch, /** @type {string[]} */ states) {
  return states.reduce((sum, state) => sum + (batch.states[state] ?? 0), 0);
}
