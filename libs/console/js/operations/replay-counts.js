/** What a replay's counts say. Pure. */
import { FORECASTS, REPLAY_OUTCOMES } from "../labels.js";

/** @typedef {import("./client.js").Replay} Replay */

/** More than this needs an approver, who is not its author. */
export const FREE = 1000;
/** How many letters the steps of the ramp take; the last one repeats. */
export const RAMP = [1, 2, 5, 20, 50, 100];
const APPLICABLE = ["would_change", "already_applied"];

/** @returns {Record<string, number>} letters by what the dry run said */
export function byForecast(/** @type {Replay} */ { counts }) {
  return Object.fromEntries(Object.keys(FORECASTS).map((forecast) => [forecast, sum(Object.values(counts[forecast] ?? {}))]));
}

/** @returns {Record<string, number>} letters by what became of them */
export function byOutcome(/** @type {Replay} */ { counts }) {
  return Object.fromEntries(Object.keys(REPLAY_OUTCOMES).map((outcome) => [outcome, sum(Object.values(counts).map((each) => each[outcome] ?? 0))]));
}

/** What can be applied and has not been. @returns {number} */
export function applicable(/** @type {Replay} */ { counts }) {
  return sum(APPLICABLE.map((forecast) => counts[forecast]?.waiting ?? 0));
}

/** What was applied, whatever became of it. @returns {number} */
export function applied(/** @type {Replay} */ replay) {
  return replay.total - byOutcome(replay).waiting;
}

/** @returns {boolean} */
export function needsApproval(/** @type {Replay} */ replay) {
  return replay.state === "rehearsed" && applicable(replay) > FREE && !replay.approved_by;
}

/** How many are taken at once now. @returns {number} */
export function stepSize(/** @type {Replay} */ { step }) {
  return RAMP[Math.min(step, RAMP.length - 1)];
}

/** Why it stopped, and whose fault: `repeated:<fingerprint>:<reason>`. @returns {{ fingerprint: string, reason: string } | null} */
export function stopCause(/** @type {Replay} */ { stop_reason }) {
  const [, fingerprint, reason] = /^repeated:([^:]*):(.*)$/s.exec(stop_reason ?? "") ?? [];
  return fingerprint === undefined ? null : { fingerprint, reason };
}

/** @returns {number} */
function sum(/** @type {number[]} */ counts) {
  return counts.reduce((total, count) => total + count, 0);
}
