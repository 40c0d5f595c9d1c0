import { percent, span } from "../format.js";
import { ACCESS_MODES, WATCH_REFUSALS } from "../labels.js";
import { h } from "../ui/dom.js";
import { feed } from "../ui/feed.js";
import { pageOf } from "../ui/page.js";
import { badge } from "../ui/table.js";

/** @typedef {import("../media/client.js").Listed} Listed */

/** `#/watch`: the videos of all lectures, for students and their parents; `?session=<id>`: those of one session. */
export function watchPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const session = query.get("session");
  let place = "";
  const draw = (/** @type {Listed} */ video) => {
    const begins = video.session_id !== place;
    place = video.session_id;
    return h("div", { class: "stack" }, begins && heading(video), entry(video, session));
  };
  const list = feed({
    draw, signal, empty: "볼 수 있는 영상이 아직 없습니다.",
    read: (cursor) => {
      if (!cursor) place = "";
      return app.media.listed(session, cursor, signal);
    },
  });
  list.reload();
  return pageOf({ title: "내 강의 영상" }, h("div", { class: "watch-list" }, list.node));
}

function heading(/** @type {Listed} */ { lecture_title: lecture, session_title: session }) {
  return h("h2", { class: "watch-place" }, [lecture, session].filter(Boolean).join(" · ") || "강의 영상");
}

function entry(/** @type {Listed} */ video, /** @type {string | null} */ session) {
  const query = new URLSearchParams({ enrollment: video.enrollment_id ?? "", ...(session && { session }) });
  const mode = video.access_mode ? ACCESS_MODES[video.access_mode] : null;
  const facts = [span(video.duration), Number(video.progress) > 0 && `${percent(video.progress)} 봄`].filter(Boolean).join(" · ");
  return h("article", { class: "card watch-entry" },
    h("h3", { class: "watch-title" }, video.can_play ? h("a", { href: `#/watch/${video.id}?${query}` }, video.title) : video.title),
    h("p", { class: "facts" }, mode && badge(mode.tone, mode.label), video.completed && badge("good", "다 봄"), facts),
    !video.can_play && h("p", { class: "hint" }, WATCH_REFUSALS[video.reason ?? ""] ?? "지금은 볼 수 없습니다."));
}
