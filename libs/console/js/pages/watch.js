import { ApiError } from "../api.js";
import { span } from "../format.js";
import { ACCESS_MODES, WATCH_REFUSALS } from "../labels.js";
import { percent } from "../media/access.js";
import { fill, h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { load, pageOf } from "../ui/page.js";
import { badge } from "../ui/table.js";

/** @typedef {import("../media/client.js").Listed} Listed */

/** `#/watch?session=<id>`: a session's videos, for its students and their parents. */
export function watchPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const session = query.get("session");
  const box = h("div", { class: "stack" });
  const show = (/** @type {Listed[]} */ videos) => {
    if (videos.length === 0) return fill(box, notice("info", "볼 수 있는 영상이 아직 없습니다."));
    fill(box, h("ul", { class: "watch-list" }, ...videos.map((video) => h("li", {}, entry(video, session)))));
  };
  const read = async () => {
    if (session) return app.media.listed(session, signal);
    throw new ApiError(404, { detail: "no session" });
  };
  load({ box, read, show, signal, gone: "학원에서 받은 영상 링크로 들어와 주세요." });
  return pageOf({ title: "내 강의 영상" }, box);
}

function entry(/** @type {Listed} */ video, /** @type {string | null} */ session) {
  const query = new URLSearchParams({ enrollment: video.enrollment_id ?? "", session: session ?? "" });
  const mode = video.access_mode ? ACCESS_MODES[video.access_mode] : null;
  const facts = [span(video.duration), Number(video.progress) > 0 && `${percent(video.progress)} 봄`].filter(Boolean).join(" · ");
  return h("article", { class: "card watch-entry" },
    h("h2", { class: "watch-title" }, video.can_play ? h("a", { href: `#/watch/${video.id}?${query}` }, video.title) : video.title),
    h("p", { class: "facts" }, mode && badge(mode.tone, mode.label), video.completed && badge("good", "다 봄"), facts),
    !video.can_play && h("p", { class: "hint" }, WATCH_REFUSALS[video.reason ?? ""] ?? "지금은 볼 수 없습니다."));
}
