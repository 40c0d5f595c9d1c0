import { ApiError, newKey } from "../api.js";
import { number } from "../format.js";
import { planFigures, planGroups, unknownServices } from "../students/plan.js";
import { bulkResult } from "../students/results.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { notice } from "../ui/notice.js";
import { load, pageOf } from "../ui/page.js";

/** @typedef {import("../students/client.js").Plan} Plan */

/** `#/trash/duplicates`: one person deleted several times, and which of the records stays. */
export function duplicatesPage(/** @type {import("../router.js").Context} */ context) {
  return new DuplicatesPage(context).view();
}

class DuplicatesPage {
  #key = newKey();

  constructor(/** @type {import("../router.js").Context} */ { app, signal }) {
    this.app = app;
    this.signal = signal;
    this.result = h("div", { class: "stack" });
    this.box = h("div", { class: "stack" });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.#check();
    return pageOf({
      title: "중복 검사", crumb: { href: this.app.router.last("/trash"), label: "삭제된 학생" },
      lead: "이름과 학부모 전화번호가 같은 삭제 기록끼리 묶어, 가장 먼저 삭제한 기록 하나만 남깁니다.",
    }, this.result, this.box);
  }

  #check() {
    return load({ box: this.box, signal: this.signal, read: () => this.app.students.plan(this.signal), show: (plan) => this.#show(plan) });
  }

  #show(/** @type {Plan} */ plan) {
    const again = h("button", { class: "button", type: "button", onclick: () => this.#recheck() }, "다시 검사");
    const fix = h("button", { class: "button button-bad", type: "button", onclick: () => this.#fix(plan) }, "중복 정리");
    const work = plan.records_to_remove > 0;
    fill(this.box, h("section", { class: "card outcome", "aria-labelledby": "plan-title" },
      h("h2", { id: "plan-title", class: "card-title" }, "검사 결과"), h("p", { class: "lead" }, sentence(plan)), planFigures(plan),
      h("div", { class: "actions plan-actions" }, again, work && this.app.auth.manages && fix),
      work && !this.app.auth.manages && h("p", { class: "hint" }, "중복 정리는 원장과 관리자만 할 수 있습니다.")),
    unknownServices(plan), plan.groups.length > 0 && planGroups(plan));
    announce(sentence(plan));
  }

  async #recheck() {
    fill(this.result);
    await this.#check();
    this.#focus();
  }

  async #fix(/** @type {Plan} */ plan) {
    fill(this.result);
    const answer = await ask({
      title: "중복을 정리할까요?", action: "중복 정리", bad: true, typed: String(plan.records_to_remove), signal: this.signal,
      body: [h("p", {}, `묶음 ${number(plan.duplicate_groups - plan.refused_groups)}개에서 기록 ${number(plan.records_to_remove)}건을 딸린 기록과 함께 영구 삭제합니다. 되돌릴 수 없습니다.`),
        h("p", { class: "hint" }, "지울 기록의 수를 적어야 정리할 수 있습니다.")],
      run: () => this.#send(plan),
    });
    if (answer === "changed") this.#changed();
    else if (answer) this.#done(plan, answer);
  }

  /** One key until the server has answered: a retry after a cut line is the same clean-up. */
  async #send(/** @type {Plan} */ plan) {
    try {
      const answer = await this.app.students.fix(plan.digest, this.#key);
      this.#key = newKey();
      return answer;
    } catch (error) {
      if (error instanceof ApiError) this.#key = newKey();
      if (error instanceof ApiError && error.code === "plan_changed") return "changed";
      throw error;
    }
  }

  async #changed() {
    const title = "그사이 삭제된 학생 목록이 바뀌었습니다.";
    fill(this.result, notice("warn", title, h("p", {}, "아무것도 지우지 않고 다시 검사했습니다. 결과를 확인하고 다시 정리해 주세요.")));
    await this.#check();
    announce(title);
    this.#focus();
  }

  async #done(/** @type {Plan} */ plan, /** @type {any} */ answer) {
    const names = new Map(plan.groups.flatMap((group) => [group.keep, ...group.remove].map((twin) => [twin.id, group.name])));
    const done = `묶음 ${number(answer.groups)}개에서 기록 ${number(answer.removed)}건을 정리했습니다.`;
    const told = bulkResult({ done, skipped: answer.skipped, names });
    told.querySelector(".notice-body")?.append(h("p", {}, h("a", { href: "#/erasures" }, "파기 확인서 보기")));
    fill(this.result, told);
    await this.#check();
    this.#focus();
  }

  #focus() {
    /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
  }
}

/** @returns {string} */
function sentence(/** @type {Plan} */ plan) {
  if (plan.records_to_remove === 0) return plan.refused_groups ? "정리할 수 있는 중복이 없습니다." : "중복이 없습니다.";
  return `같은 학생이 여러 번 삭제된 묶음이 ${number(plan.duplicate_groups)}개 있습니다. 그 가운데 기록 ${number(plan.records_to_remove)}건을 정리할 수 있습니다.`;
}
