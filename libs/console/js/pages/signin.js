import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";

const WORDS = /** @type {const} */ ({
  missing: { title: "로그인 링크로 들어와 주세요", text: "이 화면은 학원에서 받은 로그인 링크로 열 수 있습니다." },
  expired: { title: "로그인 시간이 끝났습니다", text: "안전을 위해 다시 로그인해야 합니다. 이미 접수된 작업은 서버에서 계속 처리됩니다." },
  left: { title: "로그아웃했습니다", text: "다시 들어오려면 로그인 링크를 열어 주세요." },
});

/** What someone without a valid token sees. @returns {import("../router.js").View} */
export function signInPage(/** @type {import("../auth.js").LostReason} */ reason) {
  const words = WORDS[reason];
  const steps = [
    "원장님이나 관리자에게 로그인 링크를 요청합니다.",
    "받은 링크를 이 브라우저에서 누르면 바로 들어옵니다.",
    "링크는 본인만 쓰고, 다른 사람에게 보내지 마세요.",
  ];
  const node = h("section", { class: "card sign-in" },
    h("span", { class: "sign-in-mark" }, icon("key")),
    h("h1", { tabindex: "-1" }, words.title),
    h("p", {}, words.text),
    h("h2", { class: "sign-in-how" }, "들어오는 방법"),
    h("ol", { class: "steps-list" }, ...steps.map((step) => h("li", {}, step))),
    h("p", { class: "small-print" }, "개발용 설치라면 make run 이 로그인 링크를 보여 줍니다."));
  return { title: words.title, node };
}
