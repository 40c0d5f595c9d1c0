import { fill, h } from "../ui/dom.js";
import { ask } from "../ui/dialog.js";
import { notice } from "../ui/notice.js";
import { workButton } from "../ui/page.js";
import { MAX_PHOTO_BYTES } from "./client.js";

const KINDS = ["image/jpeg", "image/png", "image/webp"];

/**
 * The student's picture, or the first letter of the name, with ways to change it.
 * @param {{ student: import("./client.js").Detail, app: import("../main.js").App, signal: AbortSignal, changed: () => void }} spec
 */
export function photoCard({ student, app, signal, changed }) {
  const trouble = h("div");
  const input = h("input", { type: "file", class: "visually-hidden", accept: KINDS.join(","), tabIndex: -1, "aria-label": "사진 파일" });
  const put = workButton(student.photo_url ? "바꾸기" : "사진 올리기", { kind: "button-small", trouble, run: async () => input.click() });
  input.addEventListener("change", () => upload());
  const upload = async () => {
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    const wrong = complaint(file);
    if (wrong) return fill(trouble, notice("bad", wrong));
    fill(trouble, h("p", { class: "hint", role: "status" }, "사진을 올리는 중입니다…"));
    try {
      await app.students.putPhoto(student.id, file, signal);
      changed();
    } catch (error) {
      if (!signal.aborted) fill(trouble, notice("bad", error instanceof Error ? error.message : ""));
    }
  };
  const remove = async () => {
    const run = async () => (await app.students.removePhoto(student.id), true);
    if (await ask({ title: "사진을 지울까요?", action: "지우기", bad: true, signal, run })) changed();
  };
  return h("section", { class: "card side-card photo-card", "aria-label": "사진" }, picture(student),
    !student.deleted_at && h("div", { class: "actions" }, put,
      student.photo_url && h("button", { class: "button button-small", type: "button", onclick: remove }, "지우기")), input, trouble);
}

function picture(/** @type {import("./client.js").Detail} */ student) {
  const letter = h("span", { class: "photo photo-none", "aria-hidden": "true" }, [...student.name][0]);
  if (!student.photo_url) return letter;
  const image = h("img", { class: "photo", src: student.photo_url, alt: `${student.name} 학생 사진` });
  image.addEventListener("error", () => image.replaceWith(letter)); // its link lives ten minutes
  return image;
}

/** @returns {string} */
function complaint(/** @type {File} */ file) {
  if (!KINDS.includes(file.type)) return "JPEG, PNG, WebP 사진만 올릴 수 있습니다.";
  return file.size > MAX_PHOTO_BYTES ? "사진이 2 MB를 넘습니다. 크기를 줄여 다시 올려 주세요." : "";
}
