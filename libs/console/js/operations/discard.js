import { number } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { reasonField } from "../ui/reason.js";

/**
 * Give up on letters, saying why.
 * @param {{ app: import("../main.js").App, service: string, filter: Record<string, any>, count: number, signal: AbortSignal }} spec
 * @returns {Promise<{ discarded: number } | undefined>} undefined: not done
 */
export function askDiscard({ app, service, filter, count, signal }) {
  const note = reasonField({ label: "이유", hint: "운영 기록에 남습니다. 사람의 이름이나 전화번호는 적지 마세요.", missing: "왜 폐기하는지 적어 주세요." });
  return ask({
    title: `실패한 메시지 ${number(count)}건을 폐기할까요?`, action: "폐기", bad: true, signal,
    body: [h("p", {}, `${service}에서 다시 처리되지 않습니다. 30일 동안은 ‘폐기됨’에서 읽을 수 있지만 되살릴 수는 없습니다.`), note.node],
    run: async () => app.operations.discard(service, { ...filter, note: note.read() }),
  });
}
