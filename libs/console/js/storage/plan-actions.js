import { number } from "../format.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { amount, fuseList, planName } from "./words.js";

/** @typedef {import("./client.js").Plan} Plan @typedef {{ plan: Plan, run: () => Promise<Plan>, signal: AbortSignal }} Spec */

const TYPED = 12;

/** By the digest of exactly the plan on screen, of which the beginning is typed. */
export function askApproval(/** @type {Spec} */ { plan, run, signal }) {
  return ask({
    title: `${number(plan.objects)}개, ${amount(plan.bytes)}를 지우도록 승인할까요?`, action: "승인", bad: true, signal, run, typed: plan.digest.slice(0, TYPED),
    body: [h("p", {}, `${planName(plan)}. 지운 객체는 되살릴 수 없습니다. 실행할 때 보존과 사용 여부를 하나씩 다시 확인합니다.`),
      plan.fuses.length > 0 && fuseList(plan.fuses), h("p", { class: "hint" }, `확인할 글자는 이 계획의 지문의 앞 ${TYPED}자리입니다.`)],
  });
}

/** It does not go, or no further. */
export function askRejection(/** @type {Spec} */ { plan, run, signal }) {
  return ask({
    title: "이 계획을 거절할까요?", action: "거절", bad: true, signal, run,
    body: [h("p", {}, plan.applied_to ? "지금 묶음까지만 지우고 멈춥니다. 이미 지운 것은 되살릴 수 없습니다." : "아무것도 지우지 않습니다. 다음에 버킷을 훑으면 새 계획이 만들어집니다.")],
  });
}

/** Now, or on from where it stopped. */
export function askApplication(/** @type {Spec} */ { plan, run, signal }) {
  const left = plan.objects - plan.applied_to;
  return ask({
    title: `${number(left)}개를 지금 지울까요?`, action: "실행", bad: true, signal, run,
    body: [h("p", {}, "승인된 계획을 기다리지 않고 실행합니다. 객체마다 보존과 사용 여부를 다시 확인하고, 언제든 거절로 멈출 수 있습니다.")],
  });
}
