/** How many orphans, or missing objects, there were on each day. Pure. */
import { today } from "../format.js";

/** @typedef {import("./client.js").TrendPoint} TrendPoint */

const DAY_MS = 86_400_000;

/**
 * All buckets and classes together, from the first day that is told of to `until` (YYYY-MM-DD, in Seoul). All buckets are
 * swept daily and of none there is no point: a day without one had none.
 * @param {TrendPoint[]} points not empty, in the order of days @param {string} kind @param {string} [until]
 * @returns {import("../ui/chart.js").Point[]}
 */
export function daily(points, kind, until = today()) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const point of points) if (point.kind === kind) sums.set(point.day, (sums.get(point.day) ?? 0) + point.objects);
  const first = Date.parse(points[0].day);
  const length = Math.max(Math.round((Date.parse(until) - first) / DAY_MS), 0) + 1;
  return Array.from({ length }, (_, i) => {
    const day = new Date(first + i * DAY_MS).toISOString().slice(0, 10);
    return { day, value: sums.get(day) ?? 0 };
  });
}
