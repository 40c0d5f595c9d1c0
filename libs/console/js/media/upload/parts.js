import { ApiError } from "../../api.js";
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, passing, pause, persist } from "../../ui/watch.js";
import { put } from "./put.js";

/**
 * The parts of one file, three at a time. What the store has already is not sent again.
 *
 * @typedef {{ numbers: (signal: AbortSignal) => Promise<number[]>,
 *             presign: (numbers: number[], signal: AbortSignal) => Promise<Map<number, string>> }} Store
 *          `numbers`: the parts that the store has; `presign`: where these go, for 100 at most
 */

const PARALLEL = 3;
const AHEAD = 20; // URLs are good for minutes, so not all are asked for at once
const REFUSALS = 3; // of one part, before it is the upload that is wrong

export class Parts {
  /** @type {Set<number>} */ #done = new Set();
  /** @type {Map<number, number>} bytes on their way, by part */ #moving = new Map();
  /** @type {Map<number, string>} */ #urls = new Map();
  /** @type {number[]} */ #left = [];
  /** @type {Promise<void> | null} */ #asking = null;
  /** @type {Promise<void> | null} */ #signing = null;

  /** @param {{ file: File, partBytes: number, store: Store, onProgress: () => void, onTrouble: (error: Error | null) => void }} spec */
  constructor({ file, partBytes, store, onProgress, onTrouble }) {
    this.file = file;
    this.partBytes = partBytes;
    this.store = store;
    this.onProgress = onProgress;
    this.onTrouble = onTrouble;
    this.count = Math.max(1, Math.ceil(file.size / partBytes));
  }

  /** @returns {number} bytes that the store has or is just being given */
  get sent() {
    let bytes = 0;
    for (const number of this.#done) bytes += this.#size(number);
    for (const moved of this.#moving.values()) bytes += moved;
    return bytes;
  }

  /** Send what is missing. @returns {Promise<void>} Throws ApiError when it is refused, or the signal's reason. */
  async send(/** @type {AbortSignal} */ signal) {
    const failed = new AbortController(); // one part that cannot be sent ends the others
    const both = AbortSignal.any([signal, failed.signal]);
    this.#urls.clear();
    this.#moving.clear();
    this.#done.clear();
    await this.#ask(both);
    this.#left = Array.from({ length: this.count }, (_, i) => i + 1).filter((number) => !this.#done.has(number));
    try {
      await Promise.all(Array.from({ length: PARALLEL }, () => this.#work(both)));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  async #work(/** @type {AbortSignal} */ signal) {
    for (let number = this.#left.shift(); number !== undefined; number = this.#left.shift()) await this.#sendOne(number, signal);
  }

  async #sendOne(/** @type {number} */ number, /** @type {AbortSignal} */ signal) {
    let wait = FIRST_WAIT_MS;
    for (let refusals = 0; !this.#done.has(number); ) {
      try {
        await this.#put(number, signal);
        this.#done.add(number);
        this.onTrouble(null);
      } catch (error) {
        signal.throwIfAborted();
        const broken = passing(error);
        if (!broken) refusals += 1;
        if (!(error instanceof Error) || refusals >= REFUSALS || (!broken && !stale(error))) throw error;
        this.onTrouble(error);
        this.#urls.clear(); // they may have run out meanwhile
        await pause(wait, { signal });
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        if (broken) await this.#ask(signal); // its answer may have been lost, and not the part
      } finally {
        this.#moving.delete(number);
        this.onProgress();
      }
    }
  }

  async #put(/** @type {number} */ number, /** @type {AbortSignal} */ signal) {
    const url = await this.#urlOf(number, signal);
    const from = (number - 1) * this.partBytes;
    const onProgress = (/** @type {number} */ moved) => {
      this.#moving.set(number, Math.min(moved, this.#size(number)));
      this.onProgress();
    };
    await put(url, this.file.slice(from, from + this.partBytes), { signal, onProgress });
  }

  /** @returns {Promise<string>} */
  async #urlOf(/** @type {number} */ number, /** @type {AbortSignal} */ signal) {
    while (!this.#urls.has(number)) {
      this.#signing ??= this.#sign([number, ...this.#left].slice(0, AHEAD), signal).finally(() => (this.#signing = null));
      await this.#signing;
    }
    return /** @type {string} */ (this.#urls.get(number));
  }

  async #sign(/** @type {number[]} */ numbers, /** @type {AbortSignal} */ signal) {
    for (const [number, url] of await this.store.presign(numbers, signal)) this.#urls.set(number, url);
    if (!this.#urls.has(numbers[0])) throw new TypeError("a part without its URL");
  }

  /** Which parts the store has; one question at a time, whoever asks. @returns {Promise<void>} */
  #ask(/** @type {AbortSignal} */ signal) {
    this.#asking ??= this.#learn(signal).finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #learn(/** @type {AbortSignal} */ signal) {
    const numbers = await persist(() => this.store.numbers(signal), { signal, onTrouble: this.onTrouble });
    for (const number of numbers) this.#done.add(number);
  }

  #size(/** @type {number} */ number) {
    return Math.min(this.partBytes, this.file.size - (number - 1) * this.partBytes);
  }
}

/** Whether the URL may have run out. @returns {boolean} */
export function stale(/** @type {unknown} */ error) {
  return error instanceof ApiError && error.status === 403;
}
