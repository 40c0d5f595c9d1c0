import { VideoCard } from "../media/card.js";
import { VideoFilters } from "../media/filters.js";
import { follow } from "../media/following.js";
import { leftovers } from "../media/upload/leftover.js";
import { uploadsPanel } from "../media/upload/panel.js";
import { moving } from "../media/words.js";
import { fill, h } from "../ui/dom.js";
import { feed } from "../ui/feed.js";
import { icon } from "../ui/icon.js";
import { explain, notice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";

/** @typedef {import("../media/client.js").Video} Video */

const AT_ONCE = 100; // as many as one page of the API holds

/** `#/videos?lecture=…&session=…&status=…&search=…`: the lectures' videos, with those on their way as they move. */
export function videosPage(/** @type {import("../router.js").Context} */ context) {
  return new VideosPage(context).view();
}

class VideosPage {
  /** @type {Map<string, VideoCard>} */ #cards = new Map();
  #watching = new AbortController();

  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.filters = new VideoFilters({ query, roster: app.roster, signal });
    this.trouble = h("div", { class: "stack" });
    this.list = feed({
      read: (cursor) => this.#read(cursor), draw: (video) => this.#draw(video), signal,
      empty: "보여 줄 영상이 없습니다. 조건을 줄이거나 새 영상을 올려 주세요.",
    });
    this.filters.addEventListener("change", () => this.#reload());
    app.uploads.addEventListener("list", () => this.#reload(), { signal });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#reload();
    const { app, signal } = this;
    const upload = h("a", { class: "button button-main", href: "#/videos/upload" }, icon("upload"), "영상 올리기");
    return pageOf({ title: "강의 영상", lead: "올린 영상의 상태를 보고, 시청 방식을 정합니다.", actions: [upload] },
      uploadsPanel({ app, signal }), leftovers({ app, signal }), this.trouble,
      h("section", { class: "card list-card video-list", "aria-label": "영상 목록" }, this.filters.node, this.list.node));
  }

  #reload() {
    this.app.router.keep(this.filters.values);
    this.#watching.abort();
    this.#cards.clear();
    this.list.reload();
  }

  /** @returns {Promise<import("../api.js").Page>} */
  async #read(/** @type {string | null} */ cursor) {
    const page = await this.app.media.videos({ ...this.filters.values, cursor }, this.signal);
    this.#follow(page.results);
    return page;
  }

  #draw(/** @type {Video} */ video) {
    const card = new VideoCard({
      video, app: this.app, signal: this.signal, changed: () => this.#follow(),
      gone: () => {
        card.node.closest("li")?.remove();
        this.#cards.delete(video.id);
        this.list.tidy();
      },
    });
    this.#cards.set(video.id, card);
    return card.node;
  }

  /** Look again and again, while one that is shown, or `next` is, is on its way. */
  #follow(/** @type {Video[]} */ next = []) {
    this.#watching.abort();
    const still = () => [...this.#cards.values()].some((card) => moving(card.video));
    if (!next.some(moving) && !still()) return;
    const { signal } = (this.#watching = new AbortController());
    follow({
      ask: () => this.app.media.videos({ ...this.filters.values, page_size: Math.min(AT_ONCE, Math.max(30, this.#cards.size)) }, signal),
      signal: AbortSignal.any([signal, this.signal]), over: () => !still(),
      onValue: (page) => page.results.forEach((/** @type {Video} */ video) => this.#cards.get(video.id)?.show(video)),
      onTrouble: (error) => fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "아래는 마지막으로 본 상태입니다. 자동으로 다시 연결하고 있습니다."))),
      onRefused: () => {}, // the list itself says so
    });
  }
}
