import { when } from "../format.js";
import { MESSAGE_MODES, TRIGGER_POLICIES } from "../labels.js";
import { messagesView } from "../messaging/tabs.js";
import { variableWord } from "../messaging/variables.js";
import { fill, h } from "../ui/dom.js";
import { announce } from "../ui/live.js";
import { errorNotice } from "../ui/notice.js";
import { load } from "../ui/page.js";
import { select } from "../ui/select.js";
import { badge } from "../ui/table.js";

/** @typedef {import("../messaging/client.js").Trigger} Trigger @typedef {import("../messaging/client.js").Template} Template */

/** `#/messages/triggers`: what sets off a message by itself, by how much a person has to do with it. */
export function messageTriggersPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const box = h("div");
  load({
    box, signal, read: () => Promise.all([app.messaging.triggers(signal), app.messaging.templates(signal)]),
    show: ([triggers, templates]) => fill(box, h("div", { class: "stack" }, ...Object.entries(TRIGGER_POLICIES).map(([policy, words]) => {
      const mine = triggers.filter((each) => each.policy === policy);
      return mine.length > 0 && h("section", { class: "card", "aria-label": words.label }, h("h2", { class: "card-title" }, words.label), h("p", { class: "hint" }, words.meaning),
        h("ul", { class: "trigger-list" }, ...mine.map((each) => new TriggerRow({ trigger: each, templates, app, signal }).node)));
    }))),
  });
  return messagesView({ title: "자동 발송", lead: "일이 생길 때 어떤 알림을 보낼지 정합니다. 자료를 저장하거나 옮기는 것만으로는 아무것도 나가지 않습니다.", at: "/messages/triggers" }, box);
}

/** One trigger: its switch, what it says and how it leaves. Only managers change it. */
class TriggerRow {
  /** @param {{ trigger: Trigger, templates: Template[], app: import("../main.js").App, signal: AbortSignal }} spec */
  constructor({ trigger, templates, app, signal }) {
    this.trigger = trigger;
    this.app = app;
    this.signal = signal;
    const { manages } = app.auth;
    const name = trigger.title;
    this.box = h("input", { type: "checkbox", class: "switch", role: "switch", "aria-label": `${name} 자동 발송`, onchange: () => this.#set({ enabled: this.box.checked }, this.box) });
    this.template = select(Object.fromEntries(templates.map((each) => [each.id, each.name])),
      { "aria-label": `${name} 템플릿`, onchange: () => this.#set({ template_id: this.template.value || null }, this.template) }, "템플릿 없음");
    this.mode = select(MESSAGE_MODES, { "aria-label": `${name} 방법`, onchange: () => this.#set({ mode: this.mode.value }, this.mode) });
    for (const each of [this.box, this.template, this.mode]) each.disabled = !manages;
    this.state = h("span", { class: "trigger-state" });
    this.changed = h("p", { class: "hint" });
    this.trouble = h("div");
    const variables = trigger.variables.map((each) => `#{${each}} ${variableWord(each)}`).join(", ");
    this.node = h("li", { class: "trigger" },
      h("div", {}, h("p", { class: "trigger-name" }, name), h("p", { class: "hint" }, `쓸 수 있는 변수: ${variables}`), this.changed),
      trigger.policy === "disabled" ? badge("calm", "꺼짐") : h("div", { class: "trigger-how" }, this.state, this.template, this.mode), this.trouble);
    this.#show(trigger);
  }

  #show(/** @type {Trigger} */ trigger) {
    this.trigger = trigger;
    this.box.checked = trigger.enabled;
    this.template.value = trigger.template_id ?? "";
    this.mode.value = trigger.mode;
    const bare = trigger.enabled && !trigger.template_id && badge("warn", "템플릿 없음: 나가지 않음");
    fill(this.state, trigger.switchable && this.box, trigger.switchable ? (trigger.enabled ? "켜짐" : "꺼짐") : "", bare);
    this.changed.textContent = trigger.updated_at ? `${trigger.changed_by} · ${when(trigger.updated_at)}` : "";
  }

  async #set(/** @type {{ enabled?: boolean, template_id?: string | null, mode?: string }} */ changes, /** @type {HTMLElement} */ control) {
    fill(this.trouble);
    this.node.setAttribute("aria-busy", "true");
    try {
      this.#show(await this.app.messaging.setTrigger(this.trigger.trigger, changes));
      announce(`${this.trigger.title}: 저장했습니다.`);
    } catch (error) {
      if (this.signal.aborted) return;
      this.#show(this.trigger);
      fill(this.trouble, errorNotice(error));
    } finally {
      this.node.removeAttribute("aria-busy");
      control.focus();
    }
  }
}
