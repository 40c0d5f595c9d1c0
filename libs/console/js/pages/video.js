import { accessCard } from "../media/access.js";
import { askDelete } from "../media/actions.js";
import { follow } from "../media/following.js";
import { originalCard } from "../media/original.js";
import { Player } from "../media/player/player.js";
import { UNBOUND } from "../media/player/rules.js";
import { renditionsCard } from "../media/renditions.js";
import { settingsCard } from "../media/settings.js";
import { riskCard, statsCard } from "../media/stats.js";
import { encoding, factLine, failure, moving, statusBadge } from "../media/words.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { load, workButton } from "../ui/page.js";
import { toast } from "../ui/toast.js";
import { update } from "../ui/update.js";

/** @typedef {import("../media/client.js").Video} Video */

/** `#/videos/:id`: one video: what it is, how it plays, who may watch it and who did. */
export function videoPage(/** @type {import("../router.js").Context} */ context) {
  return new VideoPage(context).view();
}

class VideoPage {
  /** @type {Promise<Map<string, string>> | null} */ #names = null;
  #watching = new AbortController();
  #playing = false;

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    /** @type {Video | null} */ this.video = null;
    this.heading = h("h1", { tabindex: "-1" }, "강의 영상");
    this.facts = h("p", { class: "facts" });
    this.more = h("a", { class: "button" }, icon("upload"), "이 차시에 더 올리기");
    this.actions = h("div", { class: "actions page-actions" });
    this.trouble = h("div", { class: "stack" });
    this.box = h("div");
    this.state = h("div");
    this.stage = h("div", { class: "stack" });
    this.made = h("div", { class: "stack" });
    this.original = h("div", { class: "stack" });
  }

  /** @returns {import("../router.js").View} */
  view() {
    load({
      box: this.box, signal: this.signal, gone: "이 영상을 찾을 수 없습니다. 삭제되었거나 다른 학원의 영상입니다.",
      read: () => this.app.media.video(this.id, this.signal), show: (video) => this.#build(video),
    });
    return { title: "강의 영상", node: h("div", {}, h("header", { class: "page-head page-head-row" },
      h("div", { class: "page-name" }, h("p", { class: "crumb" }, h("a", { href: this.app.router.last("/videos") }, icon("back"), "강의 영상")), this.heading, this.facts),
      this.actions), h("div", { class: "stack" }, this.trouble, this.box)) };
  }

  #build(/** @type {Video} */ video) {
    const around = { video, app: this.app, signal: this.signal, names: () => this.#namesOf(video) };
    const settings = settingsCard({ video, app: this.app, signal: this.signal, changed: (changed) => this.#show(changed) });
    fill(this.box, h("div", { class: "stack" }, h("div", { class: "columns video-columns" },
      h("div", { class: "stack" }, this.state, this.stage, this.made), h("div", { class: "stack" }, settings, this.original)),
    accessCard(around), statsCard(around), riskCard(around)));
    fill(this.actions, this.more, h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#delete() }, "삭제"));
    this.#show(video);
    this.#follow(video);
  }

  /** One question for all cards. */
  #namesOf(/** @type {Video} */ video) {
    this.#names ??= this.app.media.names(video.lecture_id, this.signal).catch((error) => {
      this.#names = null;
      throw error;
    });
    return this.#names;
  }

  #show(/** @type {Video} */ video) {
    this.video = video;
    document.title = `${video.title} – 학원 데스크`;
    fill(this.heading, video.title);
    fill(this.facts, statusBadge(video), factLine(video));
    update(this.state, this.#progress(video));
    update(this.original, originalCard({ video, app: this.app, changed: (changed) => this.#now(changed) }));
    update(this.made, renditionsCard(video));
    this.more.href = `#/videos/upload?lecture=${video.lecture_id}&session=${video.session_id}`;
    if (video.playable && !this.#playing) this.#play(video);
  }

  #progress(/** @type {Video} */ video) {
    if (video.status === "FAILED") {
      const trouble = h("div");
      const retry = async () => {
        this.#now(await this.app.media.retry(video.id));
        toast("다시 인코딩합니다.");
      };
      return failure(video, trouble, h("div", { class: "actions" }, workButton("다시 시도", { kind: "button-main", trouble, run: retry })));
    }
    if (video.status === "PENDING") return notice("info", "아직 올리는 중인 영상입니다.", h("p", {}, "올리던 창이 닫혔다면 ‘강의 영상’ 화면에서 같은 파일을 다시 골라 이어서 올릴 수 있습니다."));
    const bar = encoding(video);
    if (!bar) return video.playable ? null : notice("info", "인코딩 차례를 기다리고 있습니다.");
    return h("section", { class: "card encoding-card", "aria-label": "인코딩" }, bar,
      h("p", { class: "hint" }, video.status === "VIEWABLE" ? "낮은 화질로는 벌써 볼 수 있습니다." : "이 창을 닫아도 계속됩니다."));
  }

  async #play(/** @type {Video} */ video) {
    this.#playing = true;
    try {
      const urls = await this.app.media.preview(video.id, this.signal);
      const player = new Player({
        title: video.title, rules: UNBOUND, signal: this.signal,
        links: { master: urls.play_url ?? "", poster: urls.poster_url, storyboard: urls.storyboard_url },
        renew: async () => (await this.app.media.preview(video.id, this.signal)).play_url ?? "",
      });
      fill(this.stage, player.node, player.note);
    } catch (error) {
      if (this.signal.aborted) return;
      this.#playing = false;
      fill(this.stage, errorNotice(error, h("button", { class: "button", type: "button", onclick: () => this.#play(video) }, "다시 불러오기")));
    }
  }

  /** Look again and again, while an encoder has to do with it. */
  #follow(/** @type {Video} */ video) {
    this.#watching.abort();
    if (!moving(video)) return;
    const { signal } = (this.#watching = new AbortController());
    follow({
      ask: () => this.app.media.video(this.id, this.signal), signal: AbortSignal.any([signal, this.signal]),
      over: (now) => !moving(now), onValue: (now) => this.#show(now),
      onTrouble: (error) => fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "자동으로 다시 연결하고 있습니다."))),
      onRefused: (error) => fill(this.trouble, errorNotice(error)),
    });
  }

  #now(/** @type {Video} */ video) {
    this.#show(video);
    this.#follow(video);
  }

  async #delete() {
    if (await askDelete(/** @type {Video} */ (this.video), { app: this.app, signal: this.signal })) location.hash = this.app.router.last("/videos");
  }
}
