import { number, when } from "../format.js";
import { PLAN_STATES } from "../labels.js";
import { isCode } from "../operations/client.js";
import { askApplication, askApproval, askRejection } from "../storage/plan-actions.js";
import { itemsListing, planFacts, planSays, reasonsTable, sampleTable } from "../storage/plan-parts.js";
import { storageView } from "../storage/tabs.js";
import { planName } from "../storage/words.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { load } from "../ui/page.js";
import { progressPanel } from "../ui/progress.js";
import { wordBadge } from "../ui/table.js";
import { update } from "../ui/update.js";
import { watch } from "../ui/watch.js";

/** @typedef {import("../storage/client.js").Plan} Plan */

const FIRST_MS = 500;
const SLOWEST_MS = 3000;
const OVER = ["done", "rejected", "superseded", "expired"];

/** `#/storage/plans/<id>`: one plan from its making to its end; safe to reload and to share. */
export function storagePlanPage(/** @type {import("../router.js").Context} */ context) {
  return new PlanPage(context).view();
}

class PlanPage {
  #run = new AbortController();
  #shown = "";

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.head = h("p", { class: "facts" });
    this.trouble = h("div", { class: "stack" });
    this.told = h("div", { class: "stack" });
    this.actions = h("div", { class: "actions" });
    this.panel = progressPanel();
    this.progress = h("div", { hidden: true }, this.panel.node);
    this.facts = h("div", {}, h("p", { class: "loading", role: "status" }, "불러오는 중입니다…"));
    this.reasons = h("div");
    this.sample = h("div");
    this.items = itemsListing({ app, id: this.id, signal });
    this.all = h("details", { class: "meanings", ontoggle: () => this.all.open && !this.items.size && this.items.reload() }, h("summary", {}, "모든 객체 보기"), this.items.node);
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.signal.addEventListener("abort", () => this.#run.abort(), { once: true });
    this.body = h("div", { class: "stack" },
      h("section", { class: "card stack", "aria-labelledby": "plan-title" },
        h("h2", { id: "plan-title", class: "card-title" }, "계획"), this.progress, this.told, this.actions, this.facts),
      h("section", { class: "card list-card", "aria-label": "이유별" }, h("h2", { class: "card-title" }, "왜 지우나"), this.reasons),
      h("section", { class: "card list-card", "aria-label": "골라 본 객체" }, h("h2", { class: "card-title" }, "골라 본 객체"),
        h("p", { class: "hint" }, "처음부터 끝까지 고르게 20개까지입니다. 키를 누르면 지금 정책이 무엇이라고 하는지 보입니다."), this.sample, this.all));
    this.#watch();
    this.#readSample();
    return storageView({ title: "삭제 계획 하나", at: "/storage/plans", crumb: { href: this.app.router.last("/storage/plans"), label: "삭제 계획" } }, this.head, this.trouble, this.body);
  }

  #readSample() {
    load({
      box: this.sample, signal: this.signal, read: () => this.app.storage.get(`plans/${encodeURIComponent(this.id)}/sample/`, this.signal),
      show: ({ results }) => fill(this.sample, results.length ? sampleTable(results) : h("p", { class: "listing-empty" }, "보여 줄 객체가 없습니다.")),
    });
  }

  #watch() {
    this.#run.abort();
    this.#run = new AbortController();
    watch({
      ask: () => this.app.storage.plan(this.id, this.signal), signal: this.#run.signal, first: FIRST_MS, slowest: SLOWEST_MS, inSight: true,
      over: (plan) => OVER.includes(plan.state), onValue: (plan) => this.#show(plan),
      onTrouble: (error) => fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "실행은 서버에서 계속됩니다. 자동으로 다시 연결하고 있습니다."))),
      onRefused: (error) => {
        if (this.body) this.body.hidden = true;
        fill(this.trouble, errorNotice(error, h("a", { class: "button", href: "#/storage/plans" }, "삭제 계획 목록으로")));
      },
    });
  }

  #show(/** @type {Plan} */ plan) {
    fill(this.head, wordBadge(PLAN_STATES, plan.state), h("strong", {}, planName(plan)), when(plan.created_at));
    this.progress.hidden = !(plan.state === "applying" || (plan.state === "stopped" && plan.applied_to > 0));
    this.panel.set({
      percent: (plan.applied_to / Math.max(plan.objects, 1)) * 100, label: plan.state === "stopped" ? "멈춤" : "지우는 중",
      left: `${number(plan.applied_to)} / ${number(plan.objects)}개 확인`, right: `지움 ${number(plan.deleted)}개`,
    });
    update(this.facts, planFacts(plan));
    update(this.reasons, reasonsTable(plan.reasons));
    const key = JSON.stringify([plan.state, plan.approved_by, plan.stop_reason, plan.digest]);
    if (key !== this.#shown) this.#changed(plan);
    this.#shown = key;
  }

  /** What is said and can be done, only when the state has changed: a button must not vanish under a finger. */
  #changed(/** @type {Plan} */ plan) {
    fill(this.told, planSays(plan), this.#own(plan));
    fill(this.actions, ...this.#buttons(plan));
    this.actions.hidden = !this.actions.childElementCount;
    if (this.#shown) announce(PLAN_STATES[plan.state]?.label ?? plan.state);
  }

  #own(/** @type {Plan} */ plan) {
    const { approves, claims } = this.app.auth;
    const own = approves && plan.state === "planned" && plan.created_by === claims.sub;
    return own ? h("p", {}, "자신이 만든 계획은 승인할 수 없습니다. 다른 승인자에게 이 화면의 주소를 보내 주세요.") : null;
  }

  #buttons(/** @type {Plan} */ plan) {
    const { operates, approves, claims } = this.app.auth;
    const { storage } = this.app;
    const around = (/** @type {() => Promise<Plan>} */ run) => ({ plan, signal: this.signal, run: () => this.#send(run) });
    const ready = plan.state === "approved" || (plan.state === "stopped" && plan.approved_by !== null);
    return [
      approves && plan.state === "planned" && plan.created_by !== claims.sub && this.#button("승인", "button-main", () => askApproval(around(() => storage.approve(plan)))),
      operates && ready && this.#button(plan.state === "stopped" ? "이어서 실행" : "지금 실행", "button-main", () => askApplication(around(() => storage.apply(plan)))),
      operates && !OVER.includes(plan.state) && this.#button(plan.state === "applying" ? "멈추고 거절" : "거절", "button-bad-quiet", () => askRejection(around(() => storage.reject(plan)))),
    ];
  }

  #button(/** @type {string} */ label, /** @type {string} */ kind, /** @type {() => Promise<unknown>} */ onclick) {
    return h("button", { class: `button ${kind}`, type: "button", onclick }, label);
  }

  /** @returns {Promise<Plan>} */
  async #send(/** @type {() => Promise<Plan>} */ run) {
    try {
      const plan = await run();
      this.#show(plan);
      this.#watch();
      return plan;
    } catch (error) {
      if (isCode(error, "plan_state")) this.#watch(); // somebody else was faster: what it has become is shown
      throw error;
    }
  }
}
