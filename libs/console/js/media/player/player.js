import { span } from "../../format.js";
import { fill, h } from "../../ui/dom.js";
import { icon } from "../../ui/icon.js";
import { announce } from "../../ui/live.js";
import { notice } from "../../ui/notice.js";
import { SPEEDS } from "../policy-fields.js";
import { attach } from "./engine.js";
import { seekTo, speedTo, watchedUntil } from "./rules.js";
import { SeekBar } from "./seek-bar.js";
import { loadStoryboard } from "./storyboard.js";
import { watermark } from "./watermark.js";

/**
 * @typedef {{ master: string, poster: string | null, storyboard: string | null }} Links  signed, and good for a while
 * @typedef {{ title: string, links: Links, renew: () => Promise<string>, rules: import("./rules.js").Rules, signal: AbortSignal,
 *             start?: number, watched?: number }} Spec
 *          `start`: where to begin; `watched`: how far it was watched before; both in seconds
 */

const STEP = 10; // seconds, of the arrow keys

/**
 * A video with its controls. Fires "event" (detail: { type, reason }) for what a policy wants to know of:
 * SEEK_ATTEMPT, SPEED_CHANGE_ATTEMPT, FULLSCREEN_ENTER, FULLSCREEN_EXIT, PLAYER_ERROR.
 */
export class Player extends EventTarget {
  /** @type {import("./engine.js").Engine | null} */ #engine = null;
  #last = 0;

  constructor(/** @type {Spec} */ spec) {
    super();
    this.spec = spec;
    this.watched = spec.watched ?? 0;
    this.video = h("video", {
      class: "player-video", playsinline: true, preload: "metadata", poster: spec.links.poster ?? undefined,
      disablepictureinpicture: spec.rules.seek !== "free", controlslist: "nodownload", "aria-label": spec.title, tabindex: "0",
    });
    this.bar = new SeekBar((to) => this.#seek(to));
    this.play = h("button", { class: "player-button", type: "button", onclick: () => this.toggle() });
    this.clock = h("span", { class: "player-clock" });
    this.speed = select("배속", SPEEDS.filter((each) => each <= spec.rules.maxSpeed).map((each) => [String(each), `${each}x`]), () => (this.video.playbackRate = Number(this.speed.value)));
    this.speed.value = "1";
    this.quality = select("화질", [], () => this.#engine?.setLevel(Number(this.quality.value)));
    this.captions = h("button", { class: "player-button player-word", type: "button", hidden: true, "aria-pressed": "false", onclick: () => this.#toggleCaptions() }, "자막");
    this.mute = h("button", { class: "player-button", type: "button", onclick: () => (this.video.muted = !this.video.muted) });
    this.wide = h("button", { class: "player-button", type: "button", "aria-label": "전체 화면", onclick: () => this.#toggleFullscreen() }, icon("expand"));
    this.trouble = h("div", { class: "player-trouble" });
    this.stage = h("div", { class: "player-stage" }, this.video, spec.rules.watermark && watermark(spec.rules.watermark, spec.signal), this.trouble);
    this.node = h("div", { class: "player" }, this.stage, h("div", { class: "player-bar" }, this.bar.node,
      h("div", { class: "player-controls" }, this.play, this.mute, this.clock, h("span", { class: "player-gap" }), this.captions, this.speed, this.quality, this.wide)));
    this.note = h("p", { class: "hint", hidden: true });
    this.#listen();
    this.#paint();
    this.#load();
  }

  get position() {
    return this.video.currentTime;
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  /** The server does not believe that it was watched beyond here. */
  goBack(/** @type {number} */ to) {
    this.watched = Math.min(this.watched, to);
    this.video.currentTime = to;
  }

  /** Stop for good, with a reason over the picture. */
  stop(/** @type {Node} */ why) {
    this.video.pause();
    this.#engine?.destroy();
    this.#engine = null;
    fill(this.trouble, why);
    this.node.classList.add("player-stopped");
  }

  async #load() {
    const { spec, video } = this;
    const engine = await attach({
      video, source: spec.links.master, renew: spec.renew, onLevels: () => this.#offerLevels(),
      onTrouble: (message) => fill(this.trouble, message && notice("warn", message)),
      onFailed: (reason) => this.#failed(reason),
    });
    if (spec.signal.aborted) return engine?.destroy();
    if (!engine) return this.stop(notice("bad", "이 브라우저에서는 재생할 수 없습니다.", h("p", {}, "Chrome, Edge 또는 Safari의 최신 버전에서 열어 주세요.")));
    this.#engine = engine;
    spec.signal.addEventListener("abort", () => engine.destroy());
    if (engine.native) {
      this.note.hidden = false;
      this.note.textContent = "브라우저에 내장된 재생기로 재생합니다. 화질은 자동으로 정해집니다.";
    }
    this.bar.cues = await loadStoryboard(spec.links.storyboard, spec.signal);
  }

  #failed(/** @type {"refused" | "broken"} */ reason) {
    this.#tell("PLAYER_ERROR", reason);
    this.stop(notice("bad", reason === "refused" ? "재생 링크가 만료되었습니다." : "영상을 재생하지 못했습니다.", h("p", {}, "화면을 새로 고친 뒤 다시 시도해 주세요.")));
  }

  #listen() {
    const { video, spec } = this;
    const { signal } = spec;
    for (const type of ["play", "pause", "volumechange", "durationchange", "timeupdate", "progress", "seeked"]) video.addEventListener(type, () => this.#paint(), { signal });
    video.addEventListener("loadedmetadata", () => this.#begin(), { signal, once: true }); // a new link goes on where it is
    video.addEventListener("timeupdate", () => this.#played(), { signal });
    video.addEventListener("seeking", () => this.#guardSeek(), { signal });
    video.addEventListener("ratechange", () => this.#guardSpeed(), { signal });
    video.addEventListener("click", () => this.toggle(), { signal });
    video.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    video.textTracks.addEventListener("addtrack", () => this.#offerCaptions(), { signal });
    this.stage.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    document.addEventListener("fullscreenchange", () => this.#tell(document.fullscreenElement === this.node ? "FULLSCREEN_ENTER" : "FULLSCREEN_EXIT"), { signal });
  }

  #begin() {
    const { start = 0 } = this.spec;
    if (start > 1 && start < this.video.duration - 1 && this.video.currentTime < 1) this.video.currentTime = start;
    this.#last = this.video.currentTime;
  }

  #played() {
    const { video } = this;
    if (!video.seeking && !video.paused) this.watched = watchedUntil(this.watched, this.#last, video.currentTime, video.playbackRate);
    if (!video.seeking) this.#last = video.currentTime;
  }

  #seek(/** @type {number} */ to) {
    this.video.currentTime = this.#allowed(to);
    this.#paint();
  }

  /** Whatever moved the video: our bar, a media key, a script. */
  #guardSeek() {
    const to = this.#allowed(this.video.currentTime);
    if (to !== this.video.currentTime) this.video.currentTime = to;
  }

  /** @returns {number} */
  #allowed(/** @type {number} */ wanted) {
    const { to, refused } = seekTo(this.spec.rules, wanted, this.watched);
    if (!refused) return wanted;
    this.#tell("SEEK_ATTEMPT", "beyond_watched");
    announce("아직 보지 않은 곳으로는 건너뛸 수 없습니다.");
    return to;
  }

  #guardSpeed() {
    const { to, refused } = speedTo(this.spec.rules, this.video.playbackRate);
    if (refused) {
      this.video.playbackRate = to;
      this.#tell("SPEED_CHANGE_ATTEMPT", "above_limit");
      announce(`${to}배속까지만 볼 수 있습니다.`);
    }
    this.speed.value = String(to);
  }

  #tell(/** @type {string} */ type, reason = "") {
    this.dispatchEvent(new CustomEvent("event", { detail: { type, reason } }));
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: -STEP, ArrowRight: STEP });
    if (event.key === " " || event.key === "k") this.toggle();
    else if (event.key === "m") this.video.muted = !this.video.muted;
    else if (event.key === "f") this.#toggleFullscreen();
    else if (moves[event.key]) this.#seek(Math.min(Math.max(0, this.position + moves[event.key]), this.video.duration || 0));
    else return;
    event.preventDefault();
  }

  /** The whole player, so that the watermark comes along. */
  #toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.node.requestFullscreen) this.node.requestFullscreen().catch(() => {});
    else if (!this.spec.rules.watermark) /** @type {any} */ (this.video).webkitEnterFullscreen?.(); // a phone's own, without the watermark
  }

  #offerLevels() {
    const levels = this.#engine?.levels() ?? [];
    const chosen = this.quality.value;
    fill(this.quality, h("option", { value: "-1" }, "자동"), ...levels.toReversed().map((each) => h("option", { value: String(each.id) }, each.label)));
    if (levels.some((each) => String(each.id) === chosen)) this.quality.value = chosen;
    this.quality.hidden = levels.length < 2;
  }

  #offerCaptions() {
    this.captions.hidden = this.#tracks().length === 0;
  }

  #tracks() {
    return [...this.video.textTracks].filter((track) => ["subtitles", "captions"].includes(track.kind));
  }

  #toggleCaptions() {
    const on = this.captions.getAttribute("aria-pressed") !== "true";
    for (const [i, track] of this.#tracks().entries()) track.mode = on && i === 0 ? "showing" : "disabled";
    this.captions.setAttribute("aria-pressed", String(on));
  }

  #paint() {
    const { video } = this;
    const word = video.paused ? "재생" : "일시 정지";
    if (this.play.getAttribute("aria-label") !== word) {
      this.play.setAttribute("aria-label", word);
      fill(this.play, icon(video.paused ? "play" : "pause"));
    }
    const sound = video.muted ? "소리 켜기" : "소리 끄기";
    if (this.mute.getAttribute("aria-label") !== sound) {
      this.mute.setAttribute("aria-label", sound);
      fill(this.mute, icon(video.muted ? "muted" : "sound"));
    }
    this.clock.textContent = `${span(video.currentTime)} / ${span(video.duration) || "–:––"}`;
    this.bar.show(video.currentTime, video.duration, this.spec.rules.seek === "free" ? video.duration : this.watched);
  }
}

function select(/** @type {string} */ label, /** @type {string[][]} */ options, /** @type {() => void} */ onchange) {
  return h("select", { class: "player-select", "aria-label": label, hidden: options.length === 0, onchange },
    ...options.map(([value, text]) => h("option", { value }, text)));
}
