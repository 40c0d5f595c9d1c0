/**
 * Puts an HLS playlist on a <video>: by hls.js, else by a browser that plays HLS itself.
 *
 * @typedef {{ id: number, label: string }} Level
 * @typedef {{ levels: () => Level[], setLevel: (id: number) => void, native: boolean, destroy: () => void }} Engine
 *          `levels` may be empty; level -1 is the one that the line is good for
 * @typedef {{ video: HTMLVideoElement, source: string, renew: () => Promise<string>, onLevels: () => void,
 *             onTrouble: (message: string | null) => void, onFailed: (reason: "refused" | "broken") => void }} Spec
 *          `renew` gives a new link once the old one has run out
 */

const TYPE = "application/vnd.apple.mpegurl";
const LIBRARY = new URL("../../../vendor/hls.mjs", import.meta.url).href;
const RENEWALS = 3; // without a second of playing between them
const AGAIN_MS = 3000;

/** @type {Promise<any> | null} */
let library = null;

/** hls.js as deploy/scripts/vendor has put it there; null: it has not, or this browser cannot use it. @returns {Promise<any>} */
function hlsLibrary() {
  library ??= import(LIBRARY).then((module) => (module.default?.isSupported() ? module.default : null), () => null);
  return library;
}

/** @returns {Promise<Engine | null>} null: nothing here can play HLS */
export async function attach(/** @type {Spec} */ spec) {
  const Hls = await hlsLibrary();
  if (Hls) return new HlsEngine(Hls, spec);
  return spec.video.canPlayType(TYPE) ? new NativeEngine(spec) : null;
}

/** Links run out: how often a new one was asked for since something has played. */
class Renewal {
  #count = 0;
  #at = -1;

  constructor(/** @type {Spec} */ spec) {
    this.spec = spec;
  }

  /** @returns {Promise<string | null>} a new link; null: it has been tried enough, and that was told */
  async next() {
    const { video } = this.spec;
    if (Math.abs(video.currentTime - this.#at) > 1) this.#count = 0;
    this.#at = video.currentTime;
    this.#count += 1;
    if (this.#count > RENEWALS) this.spec.onFailed("broken");
    else {
      try {
        return await this.spec.renew();
      } catch {
        this.spec.onFailed("refused");
      }
    }
    return null;
  }
}

/** @implements {Engine} */
class HlsEngine {
  native = false;
  #renewing = false;
  #chosen = -1;

  constructor(/** @type {any} */ Hls, /** @type {Spec} */ spec) {
    this.spec = spec;
    this.events = Hls.Events;
    this.types = Hls.ErrorTypes;
    this.renewal = new Renewal(spec);
    // without a worker, which would be code from a blob: fMP4 needs none, it is passed on as it is
    this.hls = new Hls({ enableWorker: false, capLevelToPlayerSize: true, backBufferLength: 60, maxBufferLength: 30 });
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => spec.onLevels());
    this.hls.on(Hls.Events.FRAG_BUFFERED, () => spec.onTrouble(null));
    this.hls.on(Hls.Events.ERROR, (/** @type {string} */ _, /** @type {any} */ data) => this.#onError(data));
    this.hls.attachMedia(spec.video);
    this.hls.loadSource(spec.source);
  }

  /** @returns {Level[]} */
  levels() {
    return this.hls.levels.map((/** @type {any} */ level, /** @type {number} */ id) => ({ id, label: level.height ? `${Math.min(level.height, level.width || level.height)}p` : `${Math.round(level.bitrate / 1000)} kbps` }));
  }

  setLevel(/** @type {number} */ id) {
    this.#chosen = id;
    this.hls.nextLevel = id;
  }

  destroy() {
    this.hls.destroy();
  }

  async #onError(/** @type {any} */ data) {
    const status = data.response?.code ?? 0;
    if ([401, 403, 410].includes(status)) return this.#renew();
    if (!data.fatal) return;
    if (data.type === this.types.MEDIA_ERROR) return this.hls.recoverMediaError();
    if (data.type !== this.types.NETWORK_ERROR) return this.spec.onFailed("broken");
    if (status === 404) return this.#renew(); // a better playlist may have taken its place
    this.spec.onTrouble("연결이 끊겼습니다. 자동으로 다시 연결하고 있습니다.");
    setTimeout(() => this.hls.media && (this.hls.levels.length ? this.hls.startLoad() : this.hls.loadSource(this.spec.source)), AGAIN_MS);
  }

  async #renew() {
    if (this.#renewing) return;
    this.#renewing = true;
    const { video } = this.spec;
    const [at, playing] = [video.currentTime, !video.paused];
    this.hls.stopLoad();
    const source = await this.renewal.next();
    this.#renewing = false;
    if (!source || !this.hls.media) return;
    this.spec.source = source;
    this.hls.config.startPosition = at;
    this.hls.once(this.events.MANIFEST_PARSED, () => {
      if (this.#chosen < this.hls.levels.length) this.hls.nextLevel = this.#chosen; // hls.js forgets it after an error
      if (playing) video.play().catch(() => {});
    });
    this.hls.loadSource(source);
  }
}

/** @implements {Engine} */
class NativeEngine {
  native = true;
  #stop = new AbortController();

  constructor(/** @type {Spec} */ spec) {
    const { video } = spec;
    const renewal = new Renewal(spec);
    const { signal } = this.#stop;
    video.addEventListener("error", async () => {
      const [at, playing] = [video.currentTime, !video.paused];
      const source = await renewal.next();
      if (!source || signal.aborted) return;
      video.src = source;
      video.addEventListener("loadedmetadata", () => {
        video.currentTime = at;
        if (playing) video.play().catch(() => {});
      }, { once: true, signal });
    }, { signal });
    video.src = spec.source;
    this.video = video;
  }

  levels() {
    return [];
  }

  setLevel() {}

  destroy() {
    this.#stop.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
