import { SessionField } from "../roster/session-field.js";
import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";
import { toast } from "../ui/toast.js";
import { PolicyFields } from "./policy-fields.js";

/** @typedef {import("./client.js").Video} Video */

/**
 * Title, session and how it may be watched.
 * @param {{ video: Video, app: import("../main.js").App, signal: AbortSignal, changed: (video: Video) => void }} spec
 */
export function settingsCard({ video, app, signal, changed }) {
  const title = h("input", { class: "input", type: "text", maxlength: "255", autocomplete: "off", value: video.title });
  const titleField = field({ label: "제목", control: title });
  const session = new SessionField({ client: app.roster, signal, needed: true });
  const policy = new PolicyFields(video);
  const trouble = h("div");
  const save = h("button", { class: "button button-main", type: "submit" }, "저장");
  title.addEventListener("input", () => titleField.setError(""));
  session.show(video.lecture_id, video.session_id);

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    fill(trouble);
    titleField.setError(title.value.trim() ? "" : "제목을 적어 주세요.");
    if (titleField.hasError()) return titleField.focus();
    const wanted = { title: title.value.trim(), session: session.value ?? video.session_id, ...policy.read() };
    const changes = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== valueOf(video, name)));
    if (Object.keys(changes).length === 0) return announce("바뀐 내용이 없습니다.");
    save.disabled = true;
    try {
      changed(await app.media.change(video.id, changes));
      toast("영상 설정을 저장했습니다.");
    } catch (error) {
      if (!signal.aborted) fill(trouble, errorNotice(error));
    } finally {
      save.disabled = false;
    }
  };
  return h("section", { class: "card side-card", "aria-labelledby": "settings-title" }, h("h2", { id: "settings-title", class: "card-title" }, "설정"),
    h("form", { class: "stack", novalidate: true, onsubmit: submit }, titleField.node, session.node, policy.node,
      h("p", { class: "hint" }, "시청 방식을 바꾸면, 보고 있던 학생은 영상을 다시 열게 됩니다."), trouble, h("div", { class: "actions" }, save)));
}

/** @returns {unknown} */
function valueOf(/** @type {Video} */ video, /** @type {string} */ name) {
  if (name === "session") return video.session_id;
  if (name === "max_speed") return Number(video.max_speed);
  return /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (video))[name];
}
