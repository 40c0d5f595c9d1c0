/** @typedef {import("../client.js").Mark} Mark */

/**
 * Saves marks one after the other where they are of one student and session, so that the last wish is what stays.
 * Fires "change" when the number of those under way does.
 */
export class Saver extends EventTarget {
  /** @type {Map<string, Promise<unknown>>} */ #last = new Map();

  constructor(/** @type {import("../client.js").LecturesClient} */ client) {
    super();
    this.client = client;
  }

  /** @returns {number} how many marks are on their way */
  get waiting() {
    return this.#last.size;
  }

  /**
   * `mark` becomes what the service answers. @returns {Promise<boolean>} whether nothing newer is on its way. Throws what Api throws;
   * also then `mark` is what the service last said.
   * @param {Mark} mark @param {Parameters<import("../client.js").LecturesClient["mark"]>[1]} changes
   */
  async save(mark, changes) {
    const id = mark.attendance_id;
    const before = this.#last.get(id) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(() => this.client.mark(id, changes));
    this.#last.set(id, mine);
    this.dispatchEvent(new Event("change"));
    try {
      const now = await mine;
      mark.status = now.status;
      mark.memo = now.memo;
      return this.#last.get(id) === mine;
    } finally {
      if (this.#last.get(id) === mine) this.#last.delete(id);
      this.dispatchEvent(new Event("change"));
    }
  }
}
