/**
 * The last imports started in this browser: ids and file names, nothing of their content.
 *
 * @typedef {{ id: string, file: string, lectureId: string, dryRun: boolean, at: number, status: string }} Entry
 */

const KEEP = 12;

export class Recent {
  /** Academies that share a computer do not see each other's list. */
  constructor(/** @type {import("../auth.js").Auth} */ auth) {
    this.auth = auth;
  }

  get #slot() {
    return `academy.recent.${this.auth.claims.tenant_id ?? ""}`;
  }

  /** @returns {Entry[]} newest first */
  list() {
    try {
      const stored = JSON.parse(localStorage.getItem(this.#slot) ?? "[]");
      return Array.isArray(stored) ? stored.filter((entry) => typeof entry?.id === "string") : [];
    } catch {
      return [];
    }
  }

  /** @returns {Entry | undefined} */
  find(/** @type {string} */ id) {
    return this.list().find((entry) => entry.id === id);
  }

  add(/** @type {Entry} */ entry) {
    this.#save([entry, ...this.list().filter((other) => other.id !== entry.id)].slice(0, KEEP));
  }

  setStatus(/** @type {string} */ id, /** @type {string} */ status) {
    this.#save(this.list().map((entry) => (entry.id === id ? { ...entry, status } : entry)));
  }

  remove(/** @type {string} */ id) {
    this.#save(this.list().filter((entry) => entry.id !== id));
  }

  clear() {
    this.#save([]);
  }

  #save(/** @type {Entry[]} */ entries) {
    try {
      localStorage.setItem(this.#slot, JSON.stringify(entries));
    } catch {
      // storage refused or full: the list is a convenience, the jobs are on the server
    }
  }
}
