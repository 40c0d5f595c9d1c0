import { size } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("./client.js").Video} Video @typedef {{ app: import("../main.js").App, signal: AbortSignal }} Around */

/** Ask, then delete. @param {Video} video @param {Around} around @returns {Promise<boolean>} whether it is gone */
export async function askDelete(video, { app, signal }) {
  const gone = [
    video.status !== "PENDING" && !video.raw_deleted_at && `원본 파일${video.raw_bytes ? ` (${size(video.raw_bytes)})` : ""}`,
    video.playable && `재생용 영상${video.hls_bytes ? ` (${size(video.hls_bytes)})` : ""}과 미리보기 그림`,
    video.status === "PENDING" && "지금까지 올라간 부분",
    "학생들의 시청 링크: 보고 있던 학생도 더 볼 수 없습니다",
  ].filter(Boolean);
  const done = await ask({
    title: `‘${video.title}’ 영상을 삭제할까요?`, action: "삭제", bad: true, signal,
    body: [h("p", {}, "아래가 모두 지워지고, 되돌릴 수 없습니다."), h("ul", { class: "gone-list" }, ...gone.map((each) => h("li", {}, each))),
      h("p", { class: "hint" }, "시청 기록과 출결은 남습니다.")],
    run: async () => (await app.media.delete(video.id), true),
  });
  if (done) toast(`‘${video.title}’ 영상을 삭제했습니다.`);
  return Boolean(done);
}
