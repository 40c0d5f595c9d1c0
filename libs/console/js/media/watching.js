import { ApiError, newKey } from "../api.js";
import { passing } from "../ui/watch.js";

/** @typedef {import("./client.js").Playback} Playback */

const DEVICE = "academy.device";
const RENEW_AT = 0.6; // of a token's life
const SOON_MS = 5000;
const MOST_EVENTS = 100; // of one call
const KEPT_EVENTS = 1000;

/** This browser, to the server. @returns {string} */
function device() {
  const known = localStorage.getItem(DEVICE);
  if (known) return known;
  const made = newKey();
  localStorage.setItem(DEVICE, made);
  return made;
}

/**
 * One watching of one video: keeps its token fresh, says where the player is, tells of what happened.
 * Fires "ended" (detail: the error, or "REVOKED") when it may not go on.
 */
export class Watching extends EventTarget {
  /** @type {Playback | null} */ #now = null;
  /** @type {{ client_id: number, type: string, position: number, violated: boolean, reason: string, occurred_at: string }[]} */ #events = [];
  #lastEvent = 0;
  #over = false;

  /** @param {{ client: import("./client.js").MediaClient, videoId: string, enrollmentId: string, signal: AbortSignal }} spec */
  constructor({ client, videoId, enrollmentId, signal }) {
    super();
    this.client = client;
    this.videoId = videoId;
    this.enrollmentId = enrollmentId;
    this.signal = signal;
    /** @type {() => { position: number, playing: boolean }} set by the page: where its player is */
    this.where = () => ({ position: 0, playing: false });
  }

  /** @returns {Promise<Playback>} Throws ApiError, NetworkError. */
  async start() {
    const what = { video_id: this.videoId, enrollment_id: this.enrollmentId, device_id: device() };
    this.#now = await this.client.startPlayback(what, this.signal);
    this.#later("renew", () => this.#keepFresh(), this.#untilRenewal());
    this.#later("beat", () => this.#beat(), this.#now.heartbeat_seconds * 1000);
    this.signal.addEventListener("abort", () => this.#end());
    window.addEventListener("pagehide", () => this.#end(), { signal: this.signal });
    if (this.#now.monitoring_enabled) this.#observe();
    return this.#now;
  }

  /** A new token, and new addresses with it. @returns {Promise<string>} the playlist's */
  async renew() {
    const { token } = /** @type {Playback} */ (this.#now);
    try {
      this.#now = /** @type {Playback} */ (await this.client.playback("refresh", { token }, { signal: this.signal }));
    } catch (error) {
      this.#judge(error);
      throw error;
    }
    this.#later("renew", () => this.#keepFresh(), this.#untilRenewal());
    return this.#now.play_url ?? "";
  }

  /** Something that a class's policy wants to know of. */
  note(/** @type {string} */ type, violated = false, reason = "") {
    if (this.#over || !this.#now?.monitoring_enabled) return;
    this.#lastEvent += 1;
    this.#events.push({ client_id: this.#lastEvent, type, position: this.where().position, violated, reason, occurred_at: new Date().toISOString() });
    this.#events = this.#events.slice(-KEPT_EVENTS);
    this.#later("events", () => this.#sendEvents(), SOON_MS);
  }

  /** Say where the player is now, as when it is paused. */
  report() {
    this.#later("beat", () => this.#beat(true), 0);
  }

  #observe() {
    const { signal } = this;
    document.addEventListener("visibilitychange", () => {
      this.note(document.hidden ? "VISIBILITY_HIDDEN" : "VISIBILITY_VISIBLE", document.hidden && this.where().playing);
      if (document.hidden) this.#sendEvents();
    }, { signal });
    window.addEventListener("blur", () => this.note("FOCUS_LOST"), { signal });
    window.addEventListener("focus", () => this.note("FOCUS_GAINED"), { signal });
  }

  #untilRenewal() {
    const left = Date.parse(/** @type {Playback} */ (this.#now).expires_at) - Date.now();
    return Math.max(SOON_MS, left * RENEW_AT);
  }

  async #keepFresh() {
    try {
      await this.renew();
    } catch {
      if (!this.#over) this.#later("renew", () => this.#keepFresh(), SOON_MS);
    }
  }

  async #beat(always = false) {
    const now = /** @type {Playback} */ (this.#now);
    const { position, playing } = this.where();
    this.#later("beat", () => this.#beat(), now.heartbeat_seconds * 1000);
    if (!playing && !always) return;
    try {
      const answer = await this.client.playback("heartbeat", { token: now.token, position }, { signal: this.signal });
      this.dispatchEvent(new CustomEvent("progress", { detail: answer }));
      this.#check(answer.session_state);
    } catch (error) {
      this.#judge(error);
    }
  }

  async #sendEvents() {
    const batch = this.#events.slice(0, MOST_EVENTS);
    if (batch.length === 0 || this.#over) return;
    try {
      const { token } = /** @type {Playback} */ (this.#now);
      const answer = await this.client.playback("events", { token, events: batch }, { signal: this.signal, keepalive: true });
      const sent = new Set(batch.map((each) => each.client_id));
      this.#events = this.#events.filter((each) => !sent.has(each.client_id));
      this.#check(answer.session_state);
      if (this.#events.length) this.#later("events", () => this.#sendEvents(), 0);
    } catch (error) {
      this.#judge(error);
      if (!this.#over && passing(error)) this.#later("events", () => this.#sendEvents(), SOON_MS);
    }
  }

  #check(/** @type {string | null} */ state) {
    if (state && state !== "ACTIVE") this.#finish(state);
  }

  /** What does not pass by itself ends it; a lost connection does not. */
  #judge(/** @type {unknown} */ error) {
    if (this.signal.aborted || passing(error)) return;
    if (error instanceof ApiError) this.#finish(error);
  }

  #finish(/** @type {ApiError | string} */ why) {
    if (this.#over) return;
    this.#over = true;
    this.#clear();
    this.dispatchEvent(new CustomEvent("ended", { detail: why }));
  }

  #end() {
    if (this.#over || !this.#now) return;
    this.#over = true;
    this.#clear();
    const { token } = this.#now;
    const rest = this.#events.splice(0, MOST_EVENTS);
    const last = { keepalive: true };
    if (rest.length) this.client.playback("events", { token, events: rest }, last).catch(() => {});
    this.client.playback("end", { token, position: this.where().position }, last).catch(() => {}); // the server ends it by itself
  }

  // one timer of each name
  #later(/** @type {string} */ name, /** @type {() => void} */ run, /** @type {number} */ ms) {
    clearTimeout(this.#named.get(name));
    if (!this.#over) this.#named.set(name, window.setTimeout(run, ms));
  }

  /** @type {Map<string, number>} */ #named = new Map();

  #clear() {
    for (const timer of this.#named.values()) clearTimeout(timer);
    this.#named.clear();
  }
}
