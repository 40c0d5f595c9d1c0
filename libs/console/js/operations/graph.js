/**
 * A flow as a graph: what the services say of it, put together by cause and effect, as `academyctl flow` does. Pure.
 *
 * One event on its way to one service; `number` counts those of its type to that service.
 * @typedef {{ id: string, type: string, number: number, source: string, destination: string, causedBy: string | null,
 *             createdAt: string, state: "handled" | "dead" | "discarded" | "waiting" | "unsent", since: string,
 *             receives: number, duplicates: number, reason: string, handler: string, causes: Edge[] }} Edge
 *          `since`: when it was handled or died, else since when it waits
 * @typedef {Map<string, import("./client.js").FlowPart>} Parts
 */
import { age } from "../format.js";

const MANY = 6;

/** The roots of the graph, oldest first. @returns {Edge[]} */
export function assemble(/** @type {Parts} */ parts) {
  const handled = known(parts, (part) => part.handled);
  const died = known(parts, (part) => part.died);
  const edges = [...parts].flatMap(([service, part]) => part.sent.map((row) => edgeOf(service, row, handled, died)));
  edges.sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
  number(edges);
  const byId = grouped(edges, (edge) => edge.id);
  const roots = /** @type {Edge[]} */ ([]);
  for (const edge of edges) {
    // an event to several services: what its handlers caused hangs below the one of the causing service
    const parent = byId.get(edge.causedBy ?? "")?.find((each) => each.destination === edge.source);
    (parent ? parent.causes : roots).push(edge);
  }
  return roots;
}

/** All of them, each before what it caused. @returns {Edge[]} */
export function walk(/** @type {Edge[]} */ roots) {
  return roots.flatMap((edge) => [edge, ...walk(edge.causes)]);
}

/** Those that nobody has answered yet. @returns {Edge[]} */
export function missing(/** @type {Edge[]} */ roots) {
  return walk(roots).filter((edge) => edge.state === "waiting" || edge.state === "unsent");
}

/** Many of one type to one service are a group, fewer stay alone. @returns {Edge[][]} */
export function alike(/** @type {Edge[]} */ edges) {
  const groups = grouped(edges, kind);
  return [...groups.values()].flatMap((group) => (group.length < MANY ? group.map((edge) => [edge]) : [group]));
}

/** What became of it, for a reader. @returns {string} */
export function says(/** @type {Edge} */ edge, now = Date.now()) {
  if (edge.state === "handled") {
    const took = (Date.parse(edge.since) - Date.parse(edge.createdAt)) / 1000;
    const extra = [edge.receives > 1 && `${edge.receives}번째 수신`, edge.duplicates > 0 && `중복 ${edge.duplicates}`].filter(Boolean);
    return [`처리 +${took.toFixed(2)}초`, ...extra].join(", ");
  }
  if (edge.state === "dead" || edge.state === "discarded") return `${edge.state === "dead" ? "실패함에 있음" : "폐기됨"}: ${edge.reason}`;
  const span = age((now - Date.parse(edge.since)) / 1000);
  if (edge.state === "waiting") return `${edge.destination} 응답 없음 (${span}째)`;
  return `${edge.source}에서 아직 보내지 못함 (${span}째${edge.reason ? `: ${edge.reason}` : ""})`;
}

/** "이벤트 12건, 0.84초, 중복 1, 재시도 2" @returns {string} */
export function summary(/** @type {Edge[]} */ roots) {
  const edges = walk(roots);
  if (!edges.length) return "보낸 이벤트가 없습니다.";
  const first = edges.reduce((least, edge) => Math.min(least, Date.parse(edge.createdAt)), Infinity);
  const last = edges.reduce((most, edge) => Math.max(most, Date.parse(edge.since)), 0);
  const took = (last - first) / 1000;
  const sum = (/** @type {(edge: Edge) => number} */ of) => edges.reduce((total, edge) => total + of(edge), 0);
  return `이벤트 ${edges.length}건, ${took.toFixed(2)}초, 중복 ${sum((e) => e.duplicates)}, 재시도 ${sum((e) => Math.max(e.receives - 1, 0))}`;
}

/** @template {{ id: string | null }} T @param {Parts} parts @param {(part: import("./client.js").FlowPart) => T[]} rows */
function known(parts, rows) {
  return new Map([...parts].flatMap(([service, part]) => rows(part).map((row) => [`${service}\n${row.id}`, row])));
}

/** @typedef {import("./client.js").FlowPart} Part */

/** @returns {Edge} */
function edgeOf(/** @type {string} */ source, /** @type {Part["sent"][number]} */ row,
  /** @type {Map<string, Part["handled"][number]>} */ handled, /** @type {Map<string, Part["died"][number]>} */ died) {
  const edge = {
    id: row.id, type: row.type, number: 0, source, destination: row.destination, causedBy: row.caused_by, createdAt: row.created_at,
    since: row.sent_at ?? row.created_at, receives: 0, duplicates: 0, reason: "", handler: "", causes: [],
  };
  const done = handled.get(`${row.destination}\n${row.id}`);
  if (done) return { ...edge, state: "handled", since: done.handled_at, handler: done.handler, receives: done.receives, duplicates: done.duplicates };
  const dead = died.get(`${row.destination}\n${row.id}`);
  if (dead) return { ...edge, state: dead.state === "discarded" ? "discarded" : "dead", since: dead.last_seen, reason: `${dead.reason} (${dead.place || "-"})` };
  return row.sent_at ? { ...edge, state: "waiting" } : { ...edge, state: "unsent", reason: row.error ?? "" };
}

function number(/** @type {Edge[]} */ edges) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const edge of edges) {
    edge.number = (counts.get(kind(edge)) ?? 0) + 1;
    counts.set(kind(edge), edge.number);
  }
}

/** What is numbered and grouped together. @returns {string} */
function kind(/** @type {Edge} */ edge) {
  return `${edge.type}\n${edge.destination}`;
}

/** @returns {Map<string, Edge[]>} */
function grouped(/** @type {Edge[]} */ edges, /** @type {(edge: Edge) => string} */ key) {
  /** @type {Map<string, Edge[]>} */
  const found = new Map();
  for (const edge of edges) {
    const group = found.get(key(edge));
    if (group) group.push(edge);
    else found.set(key(edge), [edge]);
  }
  return found;
}

/** @returns {number} */
function compare(/** @type {string} */ a, /** @type {string} */ b) {
  return a < b ? -1 : Number(a > b);
}
