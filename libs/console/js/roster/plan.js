import { ApiError } from "../api.js";
import { number } from "../format.js";
import { h } from "../ui/dom.js";
import { errorNotice, notice, smallPrint } from "../ui/notice.js";

/** @typedef {import("./client.js").Job} Job @typedef {import("./client.js").Result} Result */

const SHOWN = 100; // as many changes as the service names

/**
 * What a preview is, and the way to carry it out as it is shown: no file, no password, nothing else than is on screen.
 * @param {{ result: Result, again: string, apply: () => Promise<void>, signal: AbortSignal }} spec `again`: where a new preview is made
 */
export function planNotice({ result, again, apply, signal }) {
  const title = "미리보기입니다. 아직 아무것도 저장되지 않았습니다.";
  if (!result.enrolled_count && !result.registered_count && !result.review_count) {
    return notice("warn", title, h("p", {}, "새로 등록할 학생이 없습니다. 필요하면 파일을 고쳐 다시 올려 주세요."));
  }
  const left = [result.failed_count && `실패 ${number(result.failed_count)}행은 빠집니다.`, result.review_count && `확인 필요 ${number(result.review_count)}행은 등록한 뒤 한 명씩 정합니다.`].filter(Boolean).join(" ");
  const trouble = h("div");
  const button = h("button", { class: "button button-main", type: "button" }, "이대로 등록하기");
  button.addEventListener("click", async () => {
    button.disabled = true;
    trouble.replaceChildren();
    try {
      await apply();
    } catch (error) {
      if (signal.aborted) return;
      button.disabled = !mayTryAgain(error);
      trouble.replaceChildren(refusal(error, again));
    }
  });
  return h("div", { class: "stack" }, notice("warn", title, h("p", {}, "아래 결과 그대로 등록합니다. 파일을 다시 올리지 않아도 됩니다.", left && ` ${left}`), h("div", { class: "actions" }, button)), trouble);
}

/** @returns {boolean} */
function mayTryAgain(/** @type {unknown} */ error) {
  return !(error instanceof ApiError) || !["plan_changed", "plan_expired"].includes(error.code);
}

function refusal(/** @type {unknown} */ error, /** @type {string} */ again) {
  if (!(error instanceof ApiError) || mayTryAgain(error)) return errorNotice(error);
  const anew = h("div", { class: "actions" }, h("a", { class: "button button-main", href: again }, "미리보기 다시 하기"));
  if (error.code === "plan_expired") return notice("warn", error.message, anew, smallPrint(error));
  const rows = Object.entries(error.errors).sort(([a], [b]) => Number(a) - Number(b));
  const list = h("ul", { class: "plan-changes", "aria-label": "달라진 행" }, ...rows.map(([row, said]) => h("li", {}, h("strong", {}, `${row}행`), ` ${said.join(" ")}`)));
  return notice("warn", error.message, h("p", {}, `아무것도 등록하지 않았습니다. 달라진 행 ${number(rows.length)}개${rows.length >= SHOWN ? "(처음 100개)" : ""}입니다.`), list, anew, smallPrint(error));
}
