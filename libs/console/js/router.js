/**
 * Pages by URL fragment: `#/jobs/<id>?repeated=1`. A page is a function; to add one, write it and list it in main.js.
 *
 * @typedef {{ app: import("./main.js").App, params: Record<string, string>, query: URLSearchParams,
 *             signal: AbortSignal }} Context  `signal` aborts when the page is left
 * @typedef {{ title: string, node: HTMLElement }} View
 * @typedef {(context: Context) => View} PageFunction
 * @typedef {"academy" | "operations" | "learner"} Audience  the desk; those who run the system; students and parents
 * @typedef {{ path: string, page: PageFunction, nav?: string, under?: string, audience?: Audience, managers?: boolean }} Route
 *          `nav` is its label in the menu of its audience (the desk's, unless said), or of its `managers` alone; `under` the
 *          path of the menu entry that it belongs to
 */

/** A hand-typed stray % is no reason to fail. @returns {string} */
function decode(/** @type {string} */ part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @returns {Record<string, string> | null} */
function match(/** @type {string} */ pattern, /** @type {string} */ path) {
  const want = pattern.split("/");
  const have = path.split("/");
  if (want.length !== have.length) return null;
  const params = /** @type {Record<string, string>} */ ({});
  for (const [i, part] of want.entries()) {
    if (part.startsWith(":")) params[part.slice(1)] = decode(have[i]);
    else if (part !== have[i]) return null;
  }
  return params;
}

export class Router {
  #leave = new AbortController();
  /** @type {Map<string, string>} */ #last = new Map();

  /** @param {{ routes: Route[], home: () => string, show: (view: View, path: string) => void }} spec `home`: where nothing is said */
  constructor({ routes, home, show }) {
    this.routes = routes;
    this.home = home;
    this.show = show;
    /** @type {import("./main.js").App | undefined} set by main.js, handed to every page */
    this.app = undefined;
  }

  /** @returns {string} the present path without its query */
  get path() {
    return location.hash.slice(1).split("?")[0] || this.home();
  }

  go(/** @type {string} */ path) {
    if (location.hash === `#${path}`) this.open();
    else location.hash = path;
  }

  /** Keep what a page's controls say in the address, without opening it again: reload and back find it there. */
  keep(/** @type {Record<string, string>} */ query) {
    const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
    history.replaceState(null, "", `#${this.path}${kept.size ? `?${kept}` : ""}`);
    this.#last.set(this.path, location.hash);
  }

  /** The address of a list as it was last seen: filtered, searched. @returns {string} */
  last(/** @type {string} */ path) {
    return this.#last.get(path) ?? `#${path}`;
  }

  /** Leave the page that is shown: its requests and timers stop. @returns {AbortSignal} of the next page */
  leave() {
    this.#leave.abort();
    this.#leave = new AbortController();
    return this.#leave.signal;
  }

  open() {
    const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
    for (const route of this.routes) {
      const params = match(route.path, this.path);
      if (!params) continue;
      this.show(route.page({ app: /** @type {import("./main.js").App} */ (this.app), params, query, signal: this.leave() }), route.path);
      return;
    }
    this.go(this.home());
  }
}
