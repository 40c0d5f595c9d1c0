import { Audience } from "../messaging/compose/audience.js";
import { confirmSend } from "../messaging/compose/confirm.js";
import { ContentFields } from "../messaging/compose/content.js";
import { EstimatePanel } from "../messaging/compose/estimate.js";
import { Timing } from "../messaging/compose/timing.js";
import { LivePreview } from "../messaging/live-preview.js";
import { Phone } from "../messaging/phone.js";
import { messagesView } from "../messaging/tabs.js";
import { choices } from "../ui/choices.js";
import { fill, h } from "../ui/dom.js";
import { errorNotice } from "../ui/notice.js";
import { step } from "../ui/page.js";

/** `#/messages?template=…`: write a message, see what arrives and what it costs, send it. */
export function messagesPage(/** @type {import("../router.js").Context} */ context) {
  return new ComposePage(context).view();
}

class ComposePage {
  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    const client = app.messaging;
    this.audience = new Audience({ app, signal });
    this.to = choices({
      label: "받는 사람", value: "parent", onPick: () => this.#changed(),
      items: [{ value: "parent", label: "학부모에게" }, { value: "student", label: "학생에게" }],
    });
    this.content = new ContentFields({ client, signal, template: query.get("template") ?? "" });
    this.timing = new Timing();
    this.phone = new Phone();
    this.phone.name({ client, signal });
    this.preview = new LivePreview({ phone: this.phone, signal, client, ask: () => this.#wanted() });
    this.preview.addEventListener("shown", (event) => this.content.askFor(/** @type {CustomEvent} */ (event).detail.variables));
    this.estimate = new EstimatePanel({ client, signal, ask: () => this.#draft(), nameOf: (id) => this.audience.nameOf(id) });
    this.trouble = h("div");
    this.submit = h("button", { class: "button button-main", type: "submit" }, "확인하고 보내기");
    this.audience.addEventListener("change", () => this.#changed());
    this.content.addEventListener("change", () => this.#changed());
    this.timing.addEventListener("change", () => this.#changed(false));
  }

  /** @returns {import("../router.js").View} */
  view() {
    const form = h("form", { class: "card roster-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#send(event) },
      step("누구에게", this.audience.node, this.to.node), step("무엇을", this.content.node), step("언제", this.timing.node),
      this.trouble, h("div", { class: "actions submit-row" }, this.submit, h("p", { class: "hint" }, "누르면 보낼 수와 금액을 한 번 더 보여 줍니다.")));
    return messagesView({ title: "메시지 보내기", lead: "학생이나 학부모에게 문자와 알림톡을 보냅니다.", at: "/messages" },
      h("div", { class: "columns compose-columns" }, form, h("div", { class: "stack compose-side" }, this.phone.node, this.estimate.node)));
  }

  /** @returns {import("../messaging/live-preview.js").Wanted | null} */
  #wanted() {
    const { wanted } = this.content;
    if (!wanted) return null;
    const [first] = this.audience.value;
    return { body: { ...wanted.body, ...(first && { student_id: first }) }, how: { ...wanted.how, lenient: first ? [] : ["student_name"] } };
  }

  /** @returns {import("../messaging/client.js").Ask | null} */
  #draft() {
    const { value } = this.content;
    const students = this.audience.value;
    if (!value || !students.length || (this.timing.later && !this.timing.value)) return null;
    return { ...value, student_ids: students, send_to: this.to.value === "student" ? "student" : "parent", at: this.timing.value, not_after: this.timing.until };
  }

  #changed(text = true) {
    fill(this.trouble);
    if (text) this.preview.touch();
    this.estimate.touch();
  }

  async #send(/** @type {Event} */ event) {
    event.preventDefault();
    fill(this.trouble);
    if (!this.audience.value.length) return this.audience.setError("받을 학생을 골라 주세요.");
    if (!this.content.check() || !this.timing.check()) return;
    this.submit.disabled = true;
    try {
      const found = await this.estimate.refresh();
      if (!found?.estimate.sufficient || !found.estimate.counts.messages) return this.estimate.node.scrollIntoView({ block: "nearest" });
      const batch = await confirmSend({ draft: found.ask, estimate: found.estimate, client: this.app.messaging, signal: this.signal, stale: () => this.estimate.touch() });
      if (batch) this.app.router.go(`/messages/batches/${batch}`);
    } catch (error) {
      if (!this.signal.aborted && !(error instanceof DOMException)) fill(this.trouble, errorNotice(error));
    } finally {
      this.submit.disabled = false;
    }
  }
}
