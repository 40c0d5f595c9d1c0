import { size, when } from "../../format.js";
import { fill, h } from "../../ui/dom.js";
import { field } from "../../ui/field.js";
import { icon } from "../../ui/icon.js";
import { ACCEPT, fingerprint } from "./file-check.js";
import { askCancel } from "./panel.js";

/** @typedef {import("../client.js").OpenUpload} OpenUpload */

/**
 * Uploads that were begun and not finished, as after a reload: the same file chosen again goes on where it was.
 * @param {{ app: import("../../main.js").App, signal: AbortSignal }} spec
 */
export function leftovers({ app, signal }) {
  const list = h("ul", { class: "upload-list" });
  const node = h("section", { class: "card upload-card", hidden: true, "aria-labelledby": "leftovers-title" },
    h("h2", { id: "leftovers-title", class: "card-title" }, "끝나지 않은 업로드"),
    h("p", { class: "hint" }, "같은 파일을 다시 고르면 올라간 부분은 건너뛰고 이어서 올립니다."), list);
  /** @type {OpenUpload[]} */
  let open = [];
  const draw = () => {
    const left = open.filter((each) => !app.uploads.of(each.video_id));
    node.hidden = left.length === 0;
    fill(list, ...left.map((each) => row(each, { app, signal, gone: () => load() })));
  };
  const load = async () => {
    try {
      open = await app.media.openUploads(signal);
    } catch {
      return; // what the page is for can be done without
    }
    if (!signal.aborted) draw();
  };
  app.uploads.addEventListener("list", draw, { signal });
  load();
  return node;
}

/** @param {OpenUpload} open @param {{ app: import("../../main.js").App, signal: AbortSignal, gone: () => void }} around */
function row(open, { app, signal, gone }) {
  const input = h("input", { type: "file", accept: ACCEPT, class: "visually-hidden" });
  const line = field({ label: `${open.upload.filename} 파일 다시 고르기`, control: input, quiet: true });
  const choose = h("button", { class: "button button-small", type: "button", onclick: () => input.click() }, icon("file"), "파일 다시 고르기");
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    if (fingerprint(file) === open.upload.fingerprint) return app.uploads.resume(file, open);
    line.setError(`다른 파일이거나 그 뒤에 고친 파일입니다. ‘${open.upload.filename}’(${size(open.upload.size_bytes)}) 파일을 골라 주세요.`);
    choose.focus();
  });
  const cancel = async () => {
    if (await askCancel(open.upload.filename, () => app.media.cancelUpload(open.video_id), signal)) gone();
  };
  return h("li", { class: "upload-row" },
    h("p", { class: "upload-name" }, open.upload.filename),
    h("p", { class: "hint" }, [size(open.upload.size_bytes), `${when(open.upload.expires_at)}까지 이어서 올릴 수 있습니다`].join(" · ")),
    line.node, h("div", { class: "actions" }, choose,
      h("button", { class: "button button-small", type: "button", "aria-label": `${open.upload.filename} 업로드 취소`, onclick: cancel }, "취소")));
}
