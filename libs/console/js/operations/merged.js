import { SERVICE_CODES } from "../labels.js";
import { fill, h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { passing } from "../ui/watch.js";
import { silentNotice } from "./words.js";

/**
 * The lists of several services as one, newest first, read page by page.
 *
 * @typedef {{ service: string, rows: any[], cursor: string | null, ended: boolean }} Source
 * @typedef {{ services: readonly string[], at: (row: any) => string,
 *             read: (service: string, cursor: string | null, signal: AbortSignal) => Promise<import("../api.js").Page> }} Spec
 *          `at`: the time by which rows are ordered, as each service orders its own
 */

const PAGE_SIZE = 30;

export class Merged {
  /** @type {Source[]} */ #sources = [];
  /** @type {import("./client.js").Silent} services that did not answer */ silent = new Map();

  constructor(/** @type {Spec} */ spec) {
    this.spec = spec;
  }

  /** The next rows, each with its `service`; from the beginning without a cursor. @returns {Promise<import("../api.js").Page>} */
  async page(/** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal) {
    if (cursor === null) this.#begin();
    const results = [];
    while (results.length < PAGE_SIZE) {
      await Promise.all(this.#sources.filter((each) => !each.rows.length && !each.ended).map((each) => this.#more(each, signal)));
      const next = this.#newest();
      if (!next) break;
      results.push({ ...next.rows.shift(), service: next.service });
    }
    if (!results.length && this.silent.size === this.#sources.length) throw this.silent.values().next().value;
    return { results, next: this.#sources.some((each) => each.rows.length || !each.ended) ? "more" : null };
  }

  #begin() {
    this.silent.clear();
    this.#sources = this.spec.services.map((service) => ({ service, rows: [], cursor: null, ended: false }));
  }

  async #more(/** @type {Source} */ source, /** @type {AbortSignal} */ signal) {
    try {
      const page = await this.spec.read(source.service, source.cursor, signal);
      source.rows = page.results;
      source.cursor = page.next;
      source.ended = page.next === null;
    } catch (error) {
      if (!passing(error)) throw error;
      this.silent.set(source.service, error);
      source.ended = true;
    }
  }

  #newest() {
    const when = (/** @type {Source} */ source) => Date.parse(this.spec.at(source.rows[0]));
    const full = this.#sources.filter((each) => each.rows.length);
    return full.reduce((/** @type {Source | null} */ best, each) => (best && when(best) >= when(each) ? best : each), null);
  }
}

/**
 * A listing of what all services have, and the node that names those which did not answer.
 *
 * @param {Omit<Spec, "services"> & { named?: (row: any) => any } & Omit<ConstructorParameters<typeof Listing>[0], "read">} spec
 *        `named`: the row with the `id` by which the listing knows it, if it has none
 */
export function mergedListing({ at, read, named = (row) => row, ...shown }) {
  const silent = h("div");
  const merged = new Merged({ services: SERVICE_CODES, at, read });
  const listing = new Listing({
    ...shown,
    read: async (cursor, run) => {
      const page = await merged.page(cursor, run);
      fill(silent, silentNotice(merged.silent));
      return { ...page, results: page.results.map(named) };
    },
  });
  return { silent, listing };
}
