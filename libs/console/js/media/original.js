import { day, size } from "../format.js";
import { h } from "../ui/dom.js";
import { workButton } from "../ui/page.js";
import { originalLine } from "./words.js";

/**
 * What becomes of the uploaded file.
 * @param {{ video: import("./client.js").Video, app: import("../main.js").App, changed: (video: import("./client.js").Video) => void }} spec
 * @returns {HTMLElement | null} null while it is still being uploaded
 */
export function originalCard({ video, app, changed }) {
  if (video.status === "PENDING") return null;
  const trouble = h("div");
  const keep = async () => changed(await app.media.keep(video.id, !video.raw_keep));
  const gone = Boolean(video.raw_deleted_at);
  const until = !gone && !video.raw_keep && video.raw_expires_at ? `${day(video.raw_expires_at)}에 원본만 지워집니다. 재생용 영상은 남습니다.` : "";
  return h("section", { class: "card side-card", "aria-labelledby": "original-title" }, h("h2", { id: "original-title", class: "card-title" }, "원본 파일"),
    h("div", { class: "stack" },
      h("p", {}, [size(video.raw_bytes), originalLine(video) || "보관 기간은 인코딩이 끝난 뒤에 시작됩니다."].join(" · ")), until && h("p", { class: "hint" }, until),
      video.raw_keep && h("p", { class: "hint" }, "보관을 풀 때까지 지우지 않습니다."), trouble,
      !gone && h("div", { class: "actions" }, workButton(video.raw_keep ? "보관 해제" : "보관", { kind: "button-small", trouble, run: keep }))));
}
