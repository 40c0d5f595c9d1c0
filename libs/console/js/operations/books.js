/**
 * The books of all services laid side by side, as `academyctl audit events` does. Pure.
 *
 * Of one subscriber: published = handled + dead + unsent + parked + in flight + unaccounted.
 * @typedef {{ published: number, handled: number, dead: number, unsent: number, parked: number, duplicates: number,
 *             inFlight: number, unaccounted: number }} Line
 *          `duplicates`: deliveries beyond those; `inFlight`: what its queues hold, by SQS's estimate
 * @typedef {{ destination: string, type: string, hour: string, count: number }} Gap
 * @typedef {Map<string, import("./client.js").Ledger>} Parts
 */

/** @returns {Map<string, Line>} by subscriber */
export function lines(/** @type {Parts} */ parts) {
  /** @type {Map<string, Line>} */
  const found = new Map();
  const of = (/** @type {string} */ service) => {
    const line = found.get(service) ?? { published: 0, handled: 0, dead: 0, unsent: 0, parked: 0, duplicates: 0, inFlight: 0, unaccounted: 0 };
    found.set(service, line);
    return line;
  };
  for (const [service, part] of parts) {
    for (const row of part.published) {
      const line = of(row.destination);
      line.published += row.sent + row.unsent + row.parked;
      line.unsent += row.unsent;
      line.parked += row.parked;
    }
    const own = of(service);
    for (const row of part.settled) {
      own.handled += row.handled;
      own.dead += row.dead;
      own.duplicates += row.duplicates;
    }
    own.inFlight = part.queues.reduce((sum, queue) => sum + queue.visible + queue.in_flight + queue.delayed, 0);
  }
  for (const line of found.values()) {
    const open = line.published - line.handled - line.dead - line.unsent - line.parked;
    line.unaccounted = Math.max(open - line.inFlight, 0);
  }
  return found;
}

/** Where more was sent than the receiver knows, by type and hour; negative where it knows more. @returns {Gap[]} */
export function gaps(/** @type {Parts} */ parts) {
  /** @type {Map<string, Gap>} */
  const cells = new Map();
  const add = (/** @type {string} */ destination, /** @type {{ type: string, hour: string }} */ { type, hour }, /** @type {number} */ count) => {
    const key = [destination, type, hour].join("\n");
    const cell = cells.get(key) ?? { destination, type, hour, count: 0 };
    cells.set(key, { ...cell, count: cell.count + count });
  };
  for (const [service, part] of parts) {
    for (const row of part.published) add(row.destination, row, row.sent);
    for (const row of part.settled) add(service, row, -row.handled - row.dead);
  }
  return [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell).filter((cell) => cell.count);
}
