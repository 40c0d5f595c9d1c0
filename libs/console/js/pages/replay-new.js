import { ApiError } from "../api.js";
import { number } from "../format.js";
import { CONDITIONS } from "../labels.js";
import { serviceSelect } from "../operations/filters.js";
import { replaySteps } from "../operations/replay-parts.js";
import { links } from "../operations/words.js";
import { seoulTime } from "../seoul.js";
import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { errorNotice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";

const TYPING_MS = 300;
const TEXTS = /** @type {[string, number, string][]} */ ([
  ["type", 100, "예: students.student.changed"], ["tenant_id", 64, "학원의 코드"],
  ["fingerprint", 12, "같은 원인의 12자리"], ["correlation_id", 64, "작업이나 요청의 흐름 번호"],
]);
const MOMENTS = ["since", "until"];

/** `#/operations/replays/new?service=…&type=…`: choose which letters are tried. */
export function newReplayPage(/** @type {import("../router.js").Context} */ context) {
  return new NewReplayPage(context).view();
}

class NewReplayPage {
  #timer = 0;
  #count = new AbortController();

  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.service = serviceSelect(query.get("service") ?? "", "");
    this.inputs = [
      ...TEXTS.map(([name, maxlength]) => h("input", { class: "input", type: "text", name, maxlength: String(maxlength), autocomplete: "off", spellcheck: "false", value: query.get(name) ?? "" })),
      ...MOMENTS.map((name) => h("input", { class: "input", type: "datetime-local", name })),
    ];
    const hints = [...TEXTS.map(([, , hint]) => hint), "마지막으로 실패한 때", "마지막으로 실패한 때"];
    this.fields = this.inputs.map((input, i) => field({ label: CONDITIONS[input.name], control: input, hint: hints[i], optional: true }));
    this.found = h("p", { class: "found", role: "status" });
    this.trouble = h("div");
    this.start = h("button", { class: "button button-main", type: "submit" }, "시험 실행");
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** @returns {import("../router.js").View} */
  view() {
    const form = h("form", {
      class: "card stack", novalidate: true, oninput: () => this.#typed(), onsubmit: (/** @type {Event} */ event) => this.#submit(event),
    }, field({ label: "서비스", control: this.service }).node,
    h("div", { class: "form-grid" }, ...this.fields.map((each) => each.node)), this.found, this.trouble,
    h("div", { class: "actions" }, this.start, h("p", { class: "hint" }, "시험은 아무것도 바꾸지 않습니다. 지금 열려 있는 메시지로 고정됩니다.")));
    this.#typed();
    return pageOf({ title: "새 재처리", crumb: { href: "#/operations/replays", label: "재처리" }, lead: "조건에 모두 맞는 열린 메시지를 고릅니다. 조건을 하나 이상 적어 주세요." },
      replaySteps("choose"), form);
  }

  /** @returns {Record<string, string>} */
  get filter() {
    const values = this.inputs.map((input) => [input.name, MOMENTS.includes(input.name) ? seoulTime(input.value) : input.value.trim()]);
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  #typed() {
    clearTimeout(this.#timer);
    const { filter } = this;
    this.start.disabled = Object.keys(filter).length === 0;
    for (const each of this.fields) each.setError("");
    fill(this.trouble);
    this.#timer = window.setTimeout(() => this.#tellCount(filter), TYPING_MS);
  }

  async #tellCount(/** @type {Record<string, string>} */ filter) {
    this.#count.abort();
    const { signal } = (this.#count = new AbortController());
    this.found.textContent = "";
    if (!Object.keys(filter).length) return;
    try {
      const { results } = await this.app.operations.get(this.service.value, "dead_letters/groups/", AbortSignal.any([signal, this.signal]), filter);
      const count = results.reduce((/** @type {number} */ total, /** @type {any} */ cause) => total + cause.count, 0);
      this.found.textContent = count ? `맞는 메시지 ${number(count)}건, 원인 ${number(results.length)}가지` : "맞는 메시지가 없습니다.";
      this.start.disabled = count === 0;
    } catch (error) {
      if (!signal.aborted && !this.signal.aborted) this.#refused(error);
    }
  }

  async #submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.start.disabled) return;
    this.start.disabled = true;
    try {
      const replay = await this.app.operations.createReplay(this.service.value, this.filter);
      if (!this.signal.aborted) this.app.router.go(links.replay(this.service.value, replay.id).slice(1));
    } catch (error) {
      if (this.signal.aborted) return;
      this.start.disabled = false;
      this.#refused(error);
    }
  }

  /** Errors of a field are told at the field. */
  #refused(/** @type {unknown} */ error) {
    const errors = error instanceof ApiError ? error.errors : {};
    for (const [i, input] of this.inputs.entries()) this.fields[i].setError(errors[input.name]?.join(" ") ?? "");
    if (this.fields.some((each) => each.hasError())) this.fields.find((each) => each.hasError())?.focus();
    else fill(this.trouble, errorNotice(error));
  }
}
