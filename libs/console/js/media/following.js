import { pause, watch } from "../ui/watch.js";

const FIRST_MS = 2000;
const SLOWEST_MS = 6000;

/**
 * Look again and again at what an encoder has to do with. What is on screen was just read, so the first question waits.
 * @template T
 * @param {Omit<import("../ui/watch.js").Watch<T>, "first" | "slowest" | "inSight">} spec
 */
export async function follow(spec) {
  await pause(FIRST_MS, { signal: spec.signal, inSight: true });
  return watch({ ...spec, first: FIRST_MS, slowest: SLOWEST_MS, inSight: true });
}
