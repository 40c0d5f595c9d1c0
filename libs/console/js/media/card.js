import { fill, h } from "../ui/dom.js";
import { workButton } from "../ui/page.js";
import { update } from "../ui/update.js";
import { askDelete } from "./actions.js";
import { encoding, factLine, failure, originalLine, poster, statusBadge } from "./words.js";

/** @typedef {import("./client.js").Video} Video */

/** One video of a list: shows what is known, and is shown anew as that changes. */
export class VideoCard {
  /** @param {{ video: Video, app: import("../main.js").App, signal: AbortSignal, changed: () => void, gone: () => void }} spec
   *         `changed`: something was set in motion; `gone`: it was deleted */
  constructor({ video, app, signal, changed, gone }) {
    this.app = app;
    this.signal = signal;
    this.changed = changed;
    this.gone = gone;
    this.picture = h("div");
    this.main = h("div");
    this.trouble = h("div");
    this.buttons = h("div", { class: "actions video-actions" });
    this.node = h("article", { class: "video-card", "aria-label": video.title }, this.picture,
      h("div", { class: "video-body" }, this.main, this.trouble, this.buttons));
    this.video = video;
    this.#pictured = "";
    this.show(video);
  }

  #pictured; // signed links differ each time: a picture that is there stays

  show(/** @type {Video} */ video) {
    const before = this.video;
    this.video = video;
    const pictured = video.poster_url ? video.status : "";
    if (!this.picture.childElementCount || pictured !== this.#pictured) fill(this.picture, poster(video));
    this.#pictured = pictured;
    update(this.main, this.#facts());
    if (!this.buttons.childElementCount || actionsOf(before) !== actionsOf(video)) fill(this.buttons, ...this.#actions());
  }

  #facts() {
    const { video } = this;
    const original = originalLine(video);
    return h("div", { class: "video-facts" },
      h("p", { class: "video-title" }, h("a", { class: "row-link", href: `#/videos/${video.id}` }, video.title), statusBadge(video)),
      h("p", { class: "hint" }, factLine(video)),
      encoding(video),
      video.status === "FAILED" && failure(video),
      original && h("p", { class: "hint" }, original));
  }

  #actions() {
    const { video, app, trouble } = this;
    const set = async (/** @type {Promise<Video>} */ answer) => {
      this.show(await answer);
      this.changed();
    };
    const keep = () => set(app.media.keep(video.id, !video.raw_keep));
    const retry = () => set(app.media.retry(video.id));
    const remove = h("button", {
      class: "button button-small button-bad-quiet", type: "button", "aria-label": `${video.title} 삭제`,
      onclick: async () => (await askDelete(this.video, { app, signal: this.signal })) && this.gone(),
    }, "삭제");
    const original = video.raw_expires_at && !video.raw_deleted_at;
    return [
      video.status === "FAILED" && workButton("다시 시도", { kind: "button-small button-main", trouble, run: retry }),
      original && workButton(video.raw_keep ? "보관 해제" : "보관", { kind: "button-small", trouble, run: keep }),
      remove,
    ];
  }
}

/** What there is to press, in a word. @returns {string} */
function actionsOf(/** @type {Video} */ video) {
  return [video.status === "FAILED", video.raw_keep, Boolean(video.raw_expires_at), Boolean(video.raw_deleted_at)].join();
}
