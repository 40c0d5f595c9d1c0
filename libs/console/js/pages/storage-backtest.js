import { ApiError } from "../api.js";
import { POLICY_PROBLEMS } from "../labels.js";
import { backtestResult } from "../storage/backtest-result.js";
import { followRequest } from "../storage/following.js";
import { storageView } from "../storage/tabs.js";
import { policyText } from "../storage/toml.js";
import { fill, h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { errorNotice, notice, smallPrint } from "../ui/notice.js";
import { workButton } from "../ui/page.js";

const MOST_DAYS = 90;

/** `#/storage/policy/backtest?request=<id>`: what a policy would have deleted; the address of a result can be shared. */
export function storageBacktestPage(/** @type {import("../router.js").Context} */ context) {
  return new BacktestPage(context).view();
}

class BacktestPage {
  #run = new AbortController();

  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.request = query.get("request") ?? "";
    this.result = h("div", { class: "stack" });
    this.trouble = h("div", { class: "stack" });
    this.daysInput = h("input", { class: "input", type: "number", min: "1", max: String(MOST_DAYS), value: "30", inputmode: "numeric" });
    this.days = field({ label: "며칠", control: this.daysInput, hint: `1일부터 ${MOST_DAYS}일까지` });
    this.text = h("textarea", { class: "input mono-input", rows: "14", spellcheck: "false", maxlength: "100000" });
    this.policy = field({ label: "시험할 정책 (TOML)", control: this.text, optional: true, hint: "비워 두면 지금 정책을 시험합니다. 시험은 아무것도 지우거나 바꾸지 않습니다." });
    this.start = h("button", { class: "button button-main", type: "submit" }, "시험");
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.signal.addEventListener("abort", () => this.#run.abort(), { once: true });
    if (this.request) this.#follow(this.request);
    const fetched = workButton("지금 정책 불러오기", { kind: "button-small", trouble: this.trouble, run: () => this.#fetch() });
    const form = h("form", { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#send(event) },
      this.days.node, this.policy.node, this.trouble, h("div", { class: "actions" }, this.start, fetched));
    return storageView({ title: "정책 시험", lead: "지난 기간에 이 정책이었다면 무엇이 지워졌을지 미리 봅니다.", at: "/storage/policy", crumb: { href: "#/storage/policy", label: "보관 정책" } },
      this.app.auth.operates && h("section", { class: "card", "aria-label": "시험할 것" }, form), this.result);
  }

  async #fetch() {
    this.text.value = policyText(await this.app.storage.get("policy/", this.signal));
    this.text.focus();
  }

  async #send(/** @type {Event} */ event) {
    event.preventDefault();
    const days = Number(this.daysInput.value);
    const policy = this.text.value.trim() ? this.text.value : undefined;
    this.policy.setError("");
    fill(this.trouble);
    this.days.setError(Number.isInteger(days) && days >= 1 && days <= MOST_DAYS ? "" : `1일부터 ${MOST_DAYS}일까지 적어 주세요.`);
    if (this.days.hasError()) return this.days.focus();
    this.start.disabled = true;
    try {
      const request = await this.app.storage.backtest({ days, ...(policy && { policy }) });
      if (this.signal.aborted) return;
      this.app.router.keep({ request: request.id });
      this.#follow(request.id);
    } catch (error) {
      if (!this.signal.aborted) this.#refused(error);
    } finally {
      this.start.disabled = false;
    }
  }

  /** What is wrong with the policy is told line by line. */
  #refused(/** @type {unknown} */ error) {
    if (error instanceof ApiError && error.code === "invalid_policy") {
      this.policy.setError(error.message);
      fill(this.trouble, notice("bad", "정책을 고쳐 주세요.", h("ul", { class: "reasons" }, ...(error.errors.policy ?? []).map((line) => h("li", {}, problem(line)))), smallPrint(error)));
      this.policy.focus();
    } else if (!complain({ days: this.days, policy: this.policy }, error)) fill(this.trouble, errorNotice(error));
  }

  #follow(/** @type {string} */ id) {
    this.#run.abort();
    this.#run = new AbortController();
    followRequest({
      app: this.app, id, box: this.result, signal: this.#run.signal, waiting: "버킷을 훑어 시험하는 중입니다. 이 화면을 떠나도 계속되고, 주소로 다시 열 수 있습니다.",
      done: (request) => (request.kind === "backtest" ? backtestResult(/** @type {any} */ (request)) : [notice("warn", "정책 시험의 결과가 아닙니다.")]),
    });
  }
}

/** "video-raw: bad_age" in words; what is not known stays as it is. @returns {string} */
function problem(/** @type {string} */ line) {
  const at = line.lastIndexOf(": ");
  const word = POLICY_PROBLEMS[line.slice(at + 2)];
  return word ? `${line.slice(0, at)} – ${word}` : line;
}
