import { instant, number, when } from "../format.js";
import { REPLAY_STATES } from "../labels.js";
import { isCode } from "../operations/client.js";
import { askApply, askCancel } from "../operations/replay-actions.js";
import { applicable, applied, byForecast, needsApproval, stepSize, stopCause } from "../operations/replay-counts.js";
import { causesTable, effectsOf, itemsListing, replayFigures, replaySteps } from "../operations/replay-parts.js";
import { conditions, links, mono, serviceCell } from "../operations/words.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { pageOf, workButton } from "../ui/page.js";
import { progressPanel } from "../ui/progress.js";
import { wordBadge } from "../ui/table.js";
import { update } from "../ui/update.js";
import { passing, watch } from "../ui/watch.js";

/** @typedef {import("../operations/client.js").Replay} Replay */

const FIRST_MS = 500;
const SLOWEST_MS = 2000;
const SAMPLE = 500; // of this many letters the changes are summed by cause

/** `#/operations/replays/<service>/<id>`: one replay from its dry run to its end; safe to reload and to share. */
export function replayPage(/** @type {import("../router.js").Context} */ context) {
  return new ReplayPage(context).view();
}

class ReplayPage {
  #run = new AbortController();
  #shown = "";
  /** @type {Map<string, string>} */ #effects = new Map();
  /** @type {Replay | null} */ replay = null;

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }) {
    this.app = app;
    this.service = params.service;
    this.path = `replays/${encodeURIComponent(params.id)}/`;
    this.signal = signal;
    this.facts = h("p", { class: "facts" });
    this.steps = h("div");
    this.trouble = h("div", { class: "stack" });
    this.result = h("div", { class: "stack" });
    this.told = h("div", { class: "stack" });
    this.actions = h("div", { class: "actions" });
    this.panel = progressPanel();
    this.progress = h("div", { hidden: true }, this.panel.node);
    this.counts = h("div", {}, h("p", { class: "loading", role: "status" }, "불러오는 중입니다…"));
    this.causes = h("div");
    this.sampled = h("p", { class: "hint" });
    this.items = itemsListing({ app, service: this.service, path: this.path, signal });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.signal.addEventListener("abort", () => this.#run.abort(), { once: true });
    this.#watch();
    this.body = h("div", { class: "stack" },
      h("section", { class: "card stack", "aria-labelledby": "replay-title" },
        h("h2", { id: "replay-title", class: "card-title" }, "진행"), this.progress, this.told, this.actions, this.counts),
      h("section", { class: "card list-card", "aria-labelledby": "causes-title" }, h("h2", { id: "causes-title", class: "card-title" }, "원인별 결과"), this.causes, this.sampled),
      h("section", { class: "card list-card", "aria-labelledby": "items-title" }, h("h2", { id: "items-title", class: "card-title" }, "메시지별 결과"), this.items.node));
    return pageOf({ title: "재처리 한 건", crumb: { href: "#/operations/replays", label: "재처리" } }, this.facts, this.steps, this.trouble, this.result, this.body);
  }

  #watch() {
    this.#run.abort();
    this.#run = new AbortController();
    watch({
      ask: () => this.app.operations.get(this.service, this.path, this.signal), signal: this.#run.signal, first: FIRST_MS, slowest: SLOWEST_MS,
      inSight: true, over: (replay) => replay.state === "done" || replay.state === "cancelled",
      onValue: (replay) => this.#show(replay),
      onTrouble: (error) => this.#onTrouble(error),
      onRefused: (error) => {
        if (this.body) this.body.hidden = true;
        fill(this.trouble, errorNotice(error, h("a", { class: "button", href: "#/operations/replays" }, "재처리 목록으로")));
      },
    });
  }

  #onTrouble(/** @type {Error | null} */ error) {
    fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "재처리는 서버에서 계속됩니다. 자동으로 다시 연결하고 있습니다.")));
    announce(error ? explain(error) : "다시 연결되었습니다.");
  }

  #show(/** @type {Replay} */ replay) {
    this.replay = replay;
    fill(this.facts, serviceCell(this.service), wordBadge(REPLAY_STATES, replay.state),
      `${number(replay.total)}건 · ${conditions(replay.filter)} · ${replay.created_by}, ${when(replay.created_at)}`,
      replay.approved_by && ` · 승인 ${replay.approved_by}, ${when(replay.approved_at)}`, replay.ended_at && ` · ${instant(replay.ended_at)} 끝`);
    update(this.steps, replaySteps(replay.state));
    this.#showProgress(replay);
    update(this.counts, replayFigures(replay));
    update(this.causes, causesTable(this.service, replay, this.#effects));
    const key = JSON.stringify([replay.state, replay.approved_by, needsApproval(replay)]);
    if (key !== this.#shown) this.#changed(replay);
    this.#shown = key;
  }

  /** What is said and can be done, only when the state has changed: a button must not vanish under a finger. */
  #changed(/** @type {Replay} */ replay) {
    fill(this.told, this.#sentence(replay), this.#approval(replay));
    fill(this.actions, ...this.#buttons(replay));
    this.actions.hidden = !this.actions.childElementCount;
    if (this.#shown) announce(this.told.textContent || REPLAY_STATES[replay.state].label);
    this.items.reload();
    if (replay.state !== "rehearsing") this.#readEffects();
  }

  #showProgress(/** @type {Replay} */ replay) {
    const trying = replay.state === "rehearsing";
    const { untried } = byForecast(replay);
    const done = trying ? replay.total - untried : applied(replay);
    const all = trying ? replay.total : applied(replay) + applicable(replay);
    this.progress.hidden = !["rehearsing", "applying", "paused"].includes(replay.state);
    this.panel.set({
      percent: all ? Math.min((done / all) * 100, 100) : null, left: `${number(done)} / ${number(all)}건`,
      label: trying ? "효과 없이 시험하는 중" : replay.state === "paused" ? "일시 정지" : "적용하는 중",
      right: trying ? "" : `${number(replay.step + 1)}단계: 한 번에 ${number(stepSize(replay))}건`,
    });
  }

  #sentence(/** @type {Replay} */ replay) {
    const ready = applicable(replay);
    if (replay.state === "stopped") return this.#stopped(replay);
    if (replay.state === "rehearsed") return ready
      ? notice("info", `시험이 끝났습니다. ${number(ready)}건을 적용할 수 있습니다.`, h("p", {}, "적용은 1, 2, 5, 20, 50, 100건씩 늘려 가고, 같은 원인이 되풀이되면 멈춥니다."))
      : notice("warn", "시험이 끝났습니다. 적용할 수 있는 메시지가 없습니다.", h("p", {}, "원인을 고친 빌드를 배포하거나 값을 고친 뒤 다시 시험하세요."));
    if (replay.state === "cancelled") return notice("info", "취소했습니다. 적용한 것은 그대로 두고, 나머지는 열려 있습니다.");
    if (replay.state === "done" && !replay.total) return notice("info", "조건에 맞는 열린 메시지가 없어 바로 끝났습니다.");
    const left = replay.total - applied(replay);
    return replay.state === "done" ? notice("good", "재처리가 끝났습니다.", left > 0 && h("p", {}, `시험에서 처리할 수 없던 ${number(left)}건은 열려 있습니다.`)) : null;
  }

  #stopped(/** @type {Replay} */ replay) {
    const cause = stopCause(replay);
    return notice("bad", "멈췄습니다. 같은 원인으로 다시 실패했습니다.",
      cause ? h("p", {}, "이유 ", mono(cause.reason), ", 지문 ", h("a", { class: "mono", href: links.letters(this.service, { fingerprint: cause.fingerprint }) }, cause.fingerprint)) : h("p", {}, mono(replay.stop_reason)),
      h("p", {}, `적용하지 않은 ${number(applicable(replay))}건이 남았습니다. 원인을 본 뒤 이어서 적용하거나 취소하세요.`));
  }

  #approval(/** @type {Replay} */ replay) {
    if (!needsApproval(replay)) return null;
    const own = replay.created_by === this.app.auth.claims.sub;
    return notice("warn", `${number(applicable(replay))}건을 적용하려면 승인이 필요합니다.`,
      h("p", {}, `1,000건이 넘는 재처리는 만든 사람(${replay.created_by})이 아닌 승인자(approver)가 이 화면을 열어 승인합니다.`),
      this.app.auth.approves && own && h("p", {}, "자신이 만든 재처리는 승인할 수 없습니다. 다른 승인자에게 이 화면의 주소를 보내 주세요."));
  }

  #buttons(/** @type {Replay} */ replay) {
    const { operates, approves, claims } = this.app.auth;
    if (!operates) return [];
    const waits = needsApproval(replay);
    const go = replay.state === "rehearsed" || replay.state === "stopped";
    return [
      waits && approves && replay.created_by !== claims.sub && this.#work("승인", "approve/", "button-main"),
      go && !waits && applicable(replay) > 0 && this.#question(replay.state === "stopped" ? "이어서 적용" : "적용", "button-main", () => askApply({ replay, signal: this.signal, run: () => this.#send("apply/") })),
      replay.state === "applying" && this.#work("일시 정지", "pause/"),
      replay.state === "paused" && this.#work("계속", "resume/", "button-main"),
      !["done", "cancelled"].includes(replay.state) && this.#question("취소", "button-bad-quiet", () => askCancel({ replay, signal: this.signal, run: () => this.#send("cancel/") })),
    ].filter((each) => each !== false);
  }

  #question(/** @type {string} */ label, /** @type {string} */ kind, /** @type {() => Promise<unknown>} */ onclick) {
    return h("button", { class: `button ${kind}`, type: "button", onclick }, label);
  }

  #work(/** @type {string} */ label, /** @type {string} */ action, kind = "") {
    return workButton(label, { kind, trouble: this.result, run: async () => {
      await this.#send(action);
      /** @type {HTMLElement | null} */ (this.actions.querySelector("button"))?.focus(); // the one that was pressed is gone
    } });
  }

  async #send(/** @type {string} */ action) {
    try {
      const replay = await this.app.operations.post(this.service, this.path + action);
      this.#show(replay);
      this.#watch();
      return replay;
    } catch (error) {
      if (isCode(error, "replay_state")) this.#watch(); // somebody else was faster: what it has become is shown
      throw error;
    }
  }

  /** What would change: read once at each state, not at every look. */
  async #readEffects() {
    try {
      const page = await this.app.operations.get(this.service, `${this.path}items/`, this.signal, { page_size: SAMPLE });
      this.#effects = effectsOf(page.results);
      if (this.replay) update(this.causes, causesTable(this.service, this.replay, this.#effects));
      this.sampled.textContent = page.next ? `‘바뀌는 것’은 앞의 ${number(SAMPLE)}건을 더한 것입니다.` : "‘바뀌는 것’은 시험에서 쓴 줄과 이벤트의 수입니다.";
    } catch (error) {
      if (!this.signal.aborted && !passing(error)) fill(this.trouble, errorNotice(error));
    }
  }
}
