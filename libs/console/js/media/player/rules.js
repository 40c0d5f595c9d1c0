/**
 * What a policy allows the player. Pure functions over { seek, max, grace }.
 *
 * @typedef {{ seek: "free" | "bounded_forward" | "blocked", maxSpeed: number, grace: number, watermark: string | null }} Rules
 *          `grace`: seconds beyond what was watched that are still no skipping
 */

/** Staff who look at their own video. @type {Rules} */
export const UNBOUND = { seek: "free", maxSpeed: 2, grace: 0, watermark: null };

/**
 * Where a seek may lead. @param {Rules} rules @param {number} wanted @param {number} watched how far it was watched without a gap
 * @returns {{ to: number, refused: boolean }}
 */
export function seekTo(rules, wanted, watched) {
  if (rules.seek === "free" || wanted <= watched + rules.grace) return { to: wanted, refused: false };
  return { to: watched, refused: true };
}

/** @returns {{ to: number, refused: boolean }} */
export function speedTo(/** @type {Rules} */ rules, /** @type {number} */ wanted) {
  return wanted > rules.maxSpeed + 0.001 ? { to: rules.maxSpeed, refused: true } : { to: wanted, refused: false };
}

/** How far it was watched, after playing moved from `from` to `to`; a jump is no watching. @returns {number} */
export function watchedUntil(/** @type {number} */ watched, /** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ speed) {
  const played = to - from;
  if (played <= 0 || played > 2 * Math.max(1, speed) || from > watched + 1) return watched;
  return Math.max(watched, to);
}
