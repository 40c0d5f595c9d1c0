import { fill, h } from "../ui/dom.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { watch } from "../ui/watch.js";

const FIRST_MS = 500;
const SLOWEST_MS = 3000;

/**
 * Follow what a worker was asked for to its end, in `box`.
 * @param {{ app: import("../main.js").App, id: string, box: Element, waiting: string, signal: AbortSignal,
 *           done: (request: import("./client.js").Request) => import("../ui/dom.js").Child[] }} spec `waiting`: what is said until then
 */
export function followRequest({ app, id, box, waiting, signal, done }) {
  fill(box, h("p", { class: "loading", role: "status" }, waiting));
  return watch({
    ask: () => app.storage.request(id, signal), signal, first: FIRST_MS, slowest: SLOWEST_MS, over: (request) => request.state !== "PENDING",
    onValue: (request) => {
      if (request.state === "DONE") fill(box, ...done(request));
      if (request.state === "FAILED") fill(box, notice("bad", "하지 못했습니다.", h("p", {}, FAILURES[request.error ?? ""] ?? `워커의 오류: ${request.error}`)));
    },
    onTrouble: (error) => fill(box, error ? notice("warn", explain(error), h("p", {}, "서버에서는 계속됩니다. 자동으로 다시 연결하고 있습니다.")) : h("p", { class: "loading", role: "status" }, waiting)),
    onRefused: (error) => fill(box, errorNotice(error)),
  });
}

const FAILURES = /** @type {Record<string, string>} */ ({
  LeaseBusyError: "다른 작업이 그 버킷을 다루고 있습니다. 끝난 뒤 다시 요청하세요.",
});
