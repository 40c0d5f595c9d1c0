import { ApiError } from "../api.js";
import { percent } from "../format.js";
import { ACCESS_MODES } from "../labels.js";
import { Player } from "../media/player/player.js";
import { Watching } from "../media/watching.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { explain, notice } from "../ui/notice.js";
import { load, pageOf } from "../ui/page.js";
import { badge } from "../ui/table.js";

/** @typedef {import("../media/client.js").Playback} Playback */

const NOBODY = 12; // characters of an id that tell people apart: the last ones of a UUID are random

/** `#/watch/<id>?enrollment=<id>`: a student watches, by the rules of the class. */
export function watchVideoPage(/** @type {import("../router.js").Context} */ context) {
  return new WatchVideoPage(context).view();
}

class WatchVideoPage {
  #run = new AbortController();

  constructor(/** @type {import("../router.js").Context} */ { app, params, query, signal }) {
    this.app = app;
    this.id = params.id;
    this.enrollment = query.get("enrollment") ?? "";
    this.session = query.get("session");
    this.signal = signal;
    this.title = h("p", { class: "watch-name" });
    this.facts = h("p", { class: "facts" });
    this.rules = h("p", { class: "hint" });
    this.progress = h("p", { class: "hint watch-progress", role: "status" });
    this.box = h("div");
    signal.addEventListener("abort", () => this.#run.abort());
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#begin();
    const back = `#/watch${this.session ? `?session=${encodeURIComponent(this.session)}` : ""}`;
    return pageOf({ title: "영상 보기", crumb: { href: back, label: "내 강의 영상" } }, this.title, this.facts, this.box, this.progress, this.rules);
  }

  #begin() {
    this.#run.abort();
    const { signal } = (this.#run = new AbortController());
    const watching = new Watching({ client: this.app.media, videoId: this.id, enrollmentId: this.enrollment, signal });
    fill(this.box);
    return load({
      box: this.box, signal, gone: "영상을 찾을 수 없습니다. 학원에서 받은 링크인지 확인해 주세요.",
      read: () => watching.start(), show: (playback) => this.#show(playback, watching, signal),
    });
  }

  #show(/** @type {Playback} */ playback, /** @type {Watching} */ watching, /** @type {AbortSignal} */ signal) {
    const { seek, max_speed: maxSpeed } = playback.policy;
    this.title.textContent = playback.title;
    const player = new Player({
      title: playback.title, signal, start: playback.last_position, watched: seek.limit ?? 0,
      links: { master: playback.play_url ?? "", poster: playback.poster_url, storyboard: playback.storyboard_url },
      renew: () => watching.renew(),
      rules: { seek: seek.mode, grace: seek.grace_seconds ?? 0, maxSpeed, watermark: playback.watermark && markOf(playback.watermark.user_id) },
    });
    watching.where = () => ({ position: player.position, playing: !player.video.paused });
    player.video.addEventListener("pause", () => watching.report(), { signal });
    player.video.addEventListener("ended", () => watching.report(), { signal });
    player.addEventListener("event", (event) => {
      const { type, reason } = /** @type {CustomEvent} */ (event).detail;
      watching.note(type, ["SEEK_ATTEMPT", "SPEED_CHANGE_ATTEMPT"].includes(type), reason);
    });
    watching.addEventListener("progress", (event) => this.#progressed(/** @type {CustomEvent} */ (event).detail, player));
    watching.addEventListener("ended", (event) => this.#ended(player, /** @type {CustomEvent} */ (event).detail), { signal });
    const mode = ACCESS_MODES[playback.access_mode];
    fill(this.facts, mode && badge(mode.tone, mode.label));
    this.rules.textContent = rulesLine(playback);
    fill(this.box, player.node, player.note);
  }

  /** @param {{ position: number, progress: number, completed: boolean, violated: boolean }} answer @param {Player} player */
  #progressed({ position, progress, completed, violated }, player) {
    fill(this.progress, completed && icon("check"), completed ? "다 보았습니다." : `${percent(progress)} 보았습니다.`);
    if (!violated) return;
    player.goBack(position);
    announce("건너뛴 부분은 본 것으로 인정되지 않습니다.");
  }

  #ended(/** @type {Player} */ player, /** @type {ApiError | string} */ why) {
    const title = why instanceof ApiError ? explain(why) : why === "REVOKED" ? "수업 규칙을 여러 번 어겨 시청이 중단되었습니다." : "시청이 종료되었습니다.";
    const again = h("button", { class: "button", type: "button", onclick: () => this.#begin() }, "다시 열기");
    player.stop(notice("warn", title, h("p", {}, "지금까지 본 진도는 저장되었습니다."), again));
    announce(title);
  }
}

/** @returns {string} */
function markOf(/** @type {string} */ user) {
  return user.replaceAll("-", "").slice(-NOBODY);
}

/** @returns {string} */
function rulesLine(/** @type {Playback} */ { policy, monitoring_enabled: monitored }) {
  return [
    policy.seek.mode === "free" ? "" : "아직 보지 않은 곳으로는 건너뛸 수 없습니다.",
    policy.max_speed > 1 ? `${policy.max_speed}배속까지 볼 수 있습니다.` : "배속은 쓸 수 없습니다.",
    monitored ? "화면을 가리거나 다른 창으로 가면 기록됩니다." : "",
  ].filter(Boolean).join(" ");
}
