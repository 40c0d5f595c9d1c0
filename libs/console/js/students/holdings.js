import { number } from "../format.js";
import { HOLDINGS, SERVICES } from "../labels.js";

const COPIES = ["profiles", "recipients"]; // of the record itself, one in each service

/** "수강 2 · 출결 14": what goes with a record @returns {string} */
export function holdings(/** @type {Record<string, number>} */ counts) {
  const parts = Object.entries(counts).filter(([kind, count]) => count > 0 && !COPIES.includes(kind)).map(([kind, count]) => `${HOLDINGS[kind] ?? kind} ${number(count)}`);
  return parts.join(" · ") || "딸린 기록 없음";
}

/** @returns {string} */
export function serviceName(/** @type {string} */ service) {
  return SERVICES[service.split("-")[0]] ?? service; // receipts name the context, checks the service: storage, storage-janitor
}
