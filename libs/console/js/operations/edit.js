import { ApiError } from "../api.js";
import { Incomplete, ask } from "../ui/dialog.js";
import { h, uid } from "../ui/dom.js";
import { field } from "../ui/field.js";

/** @typedef {import("./client.js").LetterDetail} Letter */

/**
 * Another value for one field of a letter's data. What is masked is never sent back.
 * @param {{ letter: Letter, send: (data: Record<string, any>) => Promise<Letter>, signal: AbortSignal }} spec
 * @returns {Promise<Letter | undefined>} undefined: not done
 */
export function askEdit({ letter, send, signal }) {
  const known = Object.keys(letter.payload?.data ?? {}).filter((each) => !each.endsWith("#")); // rows#: how long a cut list is
  const names = h("datalist", { id: uid("names") }, ...known.map((value) => h("option", { value })));
  const nameInput = h("input", { class: "input mono-input", type: "text", list: names.id, autocomplete: "off", spellcheck: "false", maxlength: "100" });
  const valueInput = h("textarea", { class: "input mono-input", rows: "4", spellcheck: "false" });
  const name = field({ label: "항목", control: h("div", {}, nameInput, names), target: nameInput, hint: `내용의 data에 있는 항목: ${known.join(", ") || "없음"}` });
  const value = field({ label: "새 값 (JSON)", control: valueInput, hint: "글자는 \"큰따옴표\" 안에, 숫자와 true, false, null은 그대로 적습니다." });
  return ask({
    title: "값을 고칠까요?", action: "고치기", signal,
    body: [h("p", {}, "적은 항목만 바뀌고, 가려진 값은 그대로 남습니다. 원본은 함께 보관됩니다."), name.node, value.node],
    run: () => {
      name.setError(nameInput.value.trim() ? "" : "어느 항목인지 적어 주세요.");
      const parsed = parse(valueInput.value);
      value.setError(parsed ? "" : "JSON 값이 아닙니다.");
      if (!parsed || name.hasError()) throw new Incomplete();
      return sent(send({ [nameInput.value.trim()]: parsed.value }), value);
    },
  });
}

/** What the event's schema says of the value is told at the field. @returns {Promise<Letter>} */
async function sent(/** @type {Promise<Letter>} */ answer, /** @type {import("../ui/field.js").Field} */ value) {
  try {
    return await answer;
  } catch (error) {
    const said = error instanceof ApiError ? error.errors.data : undefined;
    if (!said) throw error;
    value.setError(`${/** @type {Error} */ (error).message} (${said.join(", ")})`);
    throw new Incomplete();
  }
}

/** @returns {{ value: any } | null} */
function parse(/** @type {string} */ text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}
