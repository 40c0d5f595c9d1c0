import { number } from "../format.js";
import { BUCKETS, FUSE_LIMITS, OBJECT_CLASSES, PLAN_KINDS, REMOVAL_REASONS } from "../labels.js";
import { mono } from "../operations/words.js";
import { h } from "../ui/dom.js";

const UNITS = /** @type {[number, string][]} */ ([[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "KB"]]);

/** Bytes as R2 counts them: 1 GB is 10⁹ bytes: 51000000000 → "51 GB" @returns {string} */
export function amount(/** @type {number} */ bytes) {
  for (const [unit, word] of UNITS) if (bytes >= unit) return `${number(Number((bytes / unit).toFixed(bytes >= 100 * unit ? 0 : 2)))} ${word}`;
  return `${number(bytes)} B`;
}

/** US dollars, which come as text and stay so. @returns {string} */
export function usd(/** @type {string} */ text) {
  return `$${text}`;
}

/** "영상 (video)" @returns {string} */
export function bucketWord(/** @type {string | null} */ bucket) {
  if (bucket === null) return "모든 버킷";
  return BUCKETS[bucket] ? `${BUCKETS[bucket]} (${bucket})` : bucket;
}

/** What objects of a rule are, with the rule's name; a rule of a tried policy has no word. */
export function classCell(/** @type {string} */ name) {
  const word = OBJECT_CLASSES[name];
  return word ? h("span", { class: "service" }, h("span", { class: "service-code" }, word), h("span", { class: "service-word" }, name)) : mono(name);
}

/** @returns {string} */
export function reasonWord(/** @type {string} */ reason) {
  return REMOVAL_REASONS[reason] ?? reason;
}

/** "보관 기간이 끝난 것 · 엑셀 (excel)" @returns {string} */
export function planName(/** @type {import("./client.js").Plan} */ plan) {
  const of = plan.subject ?? (plan.kind === "erasure" ? "" : bucketWord(plan.bucket));
  return [PLAN_KINDS[plan.kind] ?? plan.kind, of].filter(Boolean).join(" · ");
}

/** "export: 개수 60,000, 허용 50,000" @returns {string} */
export function fuseLine(/** @type {import("./client.js").Blown & { bucket?: string }} */ { bucket, rule, limit, planned, allowed }) {
  const unit = (/** @type {number} */ value) => (limit === "bytes" ? amount(value) : limit === "percent" ? `${number(value)}%` : `${number(value)}개`);
  const where = [bucket && bucketWord(bucket), rule === "*" ? "전체" : rule].filter(Boolean).join(" ");
  return `${where}: ${FUSE_LIMITS[limit] ?? limit} ${unit(planned)} (${unit(allowed)}까지 저절로)`;
}

/** @returns {HTMLElement} */
export function fuseList(/** @type {(import("./client.js").Blown & { bucket?: string })[]} */ fuses) {
  return h("ul", { class: "reasons" }, ...fuses.map((fuse) => h("li", {}, fuseLine(fuse))));
}

/** Where something of the storage is shown. */
export const links = {
  plan: (/** @type {string} */ id) => `#/storage/plans/${encodeURIComponent(id)}`,
  explain: (/** @type {string} */ bucket, /** @type {string} */ key) => `#/storage/policy?${new URLSearchParams({ bucket, key })}`,
  ledger: (/** @type {Record<string, string>} */ query) => `#/storage/ledger?${new URLSearchParams(query)}`,
};

/** A key, leading to what the policy says of it, and where it is; one of a kilobyte is cut, and whole where it leads. */
export function keyCell(/** @type {string} */ bucket, /** @type {string} */ key, /** @type {string} */ tenant = "") {
  return h("div", { class: "two-lines" }, h("a", { class: "key key-cut mono", title: key, href: links.explain(bucket, key) }, key),
    h("span", { class: "hint" }, [bucketWord(bucket), tenant].filter(Boolean).join(" · ")));
}

/** What deleted an object: a plan, or a job of its own. */
export function causeCell(/** @type {string} */ cause) {
  const plan = /^plan:(.+)$/.exec(cause)?.[1];
  return plan ? h("a", { href: links.plan(plan) }, "계획 보기") : mono(cause);
}

/** Beginning of a hash; all of it is in the title. */
export function hashCell(/** @type {string} */ hash) {
  return h("span", { class: "mono", title: hash }, hash.slice(0, 12));
}
