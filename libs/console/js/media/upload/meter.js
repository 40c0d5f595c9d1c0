const WINDOW_MS = 12_000;

/** How fast bytes go, over the last seconds. */
export class Meter {
  /** @type {{ at: number, bytes: number }[]} */ #marks = [];

  /** Begin anew: what lies before a pause says nothing of the speed after it. */
  reset() {
    this.#marks = [];
  }

  /** `bytes`: all that were sent until now. */
  mark(/** @type {number} */ bytes, at = performance.now()) {
    const last = this.#marks.at(-1);
    if (last && bytes < last.bytes) this.#marks = []; // a part that broke off is not sent any more
    this.#marks.push({ at, bytes });
    while (this.#marks.length > 2 && at - this.#marks[0].at > WINDOW_MS) this.#marks.shift();
  }

  /** @returns {number | null} bytes a second; null until there is something to say */
  get speed() {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.at - first.at < 1000) return null;
    return (1000 * (last.bytes - first.bytes)) / (last.at - first.at);
  }
}
