import { ApiError, newKey } from "../api.js";
import { when } from "../format.js";
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from "../labels.js";
import { LivePreview } from "../messaging/live-preview.js";
import { Phone } from "../messaging/phone.js";
import { messagesView } from "../messaging/tabs.js";
import { OWN_VARIABLES, variableButtons } from "../messaging/variables.js";
import { choices } from "../ui/choices.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { errorNotice, notice } from "../ui/notice.js";
import { load, workButton } from "../ui/page.js";
import { select } from "../ui/select.js";
import { wordBadge } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../messaging/client.js").Template} Template */

const LIST = "/messages/templates";

/** `#/messages/templates/new` */
export function newMessageTemplatePage(/** @type {import("../router.js").Context} */ context) {
  return new TemplatePage(context, "새 템플릿").view();
}

/** `#/messages/templates/:id`: what it says, as it arrives, and where it stands with Kakao. */
export function messageTemplatePage(/** @type {import("../router.js").Context} */ context) {
  return new TemplatePage(context, "템플릿").view();
}

class TemplatePage {
  #key = newKey();

  constructor(/** @type {import("../router.js").Context} */ { app, params, signal }, /** @type {string} */ title) {
    this.app = app;
    this.id = params.id;
    this.signal = signal;
    this.title = title;
    this.box = h("div");
    this.state = h("div", { class: "stack" });
    this.trouble = h("div");
    this.name = h("input", { class: "input", type: "text", maxlength: "100", autocomplete: "off" });
    this.category = select(TEMPLATE_CATEGORIES);
    this.purpose = choices({
      label: "성격", value: "INFO", onPick: () => this.preview.touch(),
      items: [{ value: "INFO", label: "정보" }, { value: "AD", label: "광고", hint: "알림톡으로는 보낼 수 없습니다." }],
    });
    const touched = () => this.preview.touch();
    this.content = h("textarea", { class: "input", rows: "9", maxlength: "2000", oninput: touched });
    this.subject = h("input", { class: "input", type: "text", maxlength: "40", autocomplete: "off", oninput: touched });
    this.fields = /** @type {Record<string, import("../ui/field.js").Field>} */ ({
      name: field({ label: "이름", control: this.name, hint: "받는 사람에게는 보이지 않습니다." }), category: field({ label: "분류", control: this.category }),
      content: field({ label: "내용", control: this.content }), subject: field({ label: "제목", control: this.subject, optional: true, hint: "제목을 쓰면 장문으로 보냅니다." }),
    });
    this.phone = new Phone();
    this.phone.name({ client: app.messaging, signal });
    this.preview = new LivePreview({ phone: this.phone, signal, client: app.messaging, ask: () => this.#wanted() });
  }

  /** @returns {import("../router.js").View} */
  view() {
    if (this.id) load({ box: this.box, signal: this.signal, gone: "이 템플릿을 찾을 수 없습니다. 삭제되었을 수 있습니다.", read: () => this.app.messaging.template(this.id, this.signal), show: (template) => this.#begin(template) });
    else this.#draw(null);
    return messagesView({ title: this.title, crumb: { href: this.app.router.last(LIST), label: "템플릿" }, at: LIST }, this.box);
  }

  /** @returns {import("../messaging/live-preview.js").Wanted | null} */
  #wanted() {
    if (!this.content.value.trim()) return null;
    const ad = this.purpose.value === "AD";
    const given = { content: this.content.value, subject: this.subject.value.trim(), purpose: this.purpose.value, variables: {} };
    return { body: given, how: { ad, missingIsFine: true } };
  }

  #begin(/** @type {Template} */ template) {
    this.name.value = template.name;
    this.category.value = template.category;
    this.purpose.pick(template.purpose);
    this.content.value = template.content;
    this.subject.value = template.subject ?? "";
    this.#draw(template);
    this.preview.touch();
  }

  #draw(/** @type {Template | null} */ template) {
    const save = h("button", { class: "button button-main", type: "submit" }, template ? "저장" : "템플릿 만들기");
    const form = h("form", { class: "card stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#save(event, save) },
      h("div", { class: "form-grid" }, this.fields.name.node, this.fields.category.node), this.purpose.node, this.fields.content.node,
      variableButtons([...OWN_VARIABLES, "date", "time", "lecture", "session", "exam", "assignment", "link"], this.content), this.fields.subject.node, this.trouble,
      h("div", { class: "actions" }, save, template && h("a", { class: "button", href: `#/messages?template=${template.id}` }, "이 템플릿으로 보내기"),
        template && h("button", { class: "button button-bad-quiet", type: "button", onclick: () => this.#delete(template) }, "삭제")));
    fill(this.box, h("div", { class: "columns compose-columns" }, form, h("div", { class: "stack compose-side" }, this.phone.node, this.state)));
    if (template) this.#showReview(template);
  }

  #showReview(/** @type {Template} */ template) {
    const trouble = h("div");
    const submit = workButton("카카오 심사 신청", {
      kind: "button-soft", trouble, run: async () => {
        this.#showReview(await this.app.messaging.submitTemplate(template.id));
        toast("심사를 신청했습니다. 영업일로 하루에서 사흘쯤 걸립니다.");
      },
    });
    const open = template.purpose === "INFO" && (template.review === "" || template.review === "REJECTED");
    fill(this.state, h("section", { class: "card side-card stack", "aria-labelledby": "review-title" },
      h("div", { class: "card-head" }, h("h2", { id: "review-title", class: "card-title" }, "알림톡"), wordBadge(TEMPLATE_STATES, template.review)),
      template.review === "REJECTED" && notice("bad", "카카오가 반려했습니다.", template.review_comment && h("p", {}, template.review_comment)),
      template.submitted_at && h("p", { class: "hint" }, `신청 ${when(template.submitted_at)}`),
      template.review === "PENDING" && h("p", { class: "hint" }, "심사하는 동안에는 이름과 내용을 바꿀 수 없습니다."),
      template.review === "APPROVED" && h("p", { class: "hint" }, "이름이나 내용, 성격을 바꾸면 심사를 다시 받아야 합니다."),
      template.purpose === "AD" && h("p", { class: "hint" }, "광고는 알림톡으로 보낼 수 없습니다."),
      open && h("p", { class: "hint" }, "저장된 내용으로 신청합니다. 승인되면 알림톡으로 보낼 수 있습니다."), trouble, open && h("div", { class: "actions" }, submit)));
  }

  async #save(/** @type {Event} */ event, /** @type {HTMLButtonElement} */ button) {
    event.preventDefault();
    for (const each of Object.values(this.fields)) each.setError("");
    fill(this.trouble);
    if (!this.name.value.trim()) this.fields.name.setError("이름을 적어 주세요.");
    if (!this.content.value.trim()) this.fields.content.setError("내용을 써 주세요.");
    const wrong = Object.values(this.fields).find((each) => each.hasError());
    if (wrong) return wrong.focus();
    const values = { name: this.name.value.trim(), category: this.category.value, purpose: this.purpose.value, content: this.content.value, subject: this.subject.value.trim() || null };
    button.disabled = true;
    try {
      const { messaging, router } = this.app;
      const template = this.id ? await messaging.changeTemplate(this.id, values) : await messaging.createTemplate(values, this.#key);
      toast(`‘${template.name}’ 템플릿을 저장했습니다.`);
      if (this.id) this.#showReview(template);
      else router.go(`${LIST}/${template.id}`);
    } catch (error) {
      if (!this.signal.aborted) this.#refused(error);
    } finally {
      button.disabled = false;
    }
  }

  #refused(/** @type {unknown} */ error) {
    const text = error instanceof ApiError ? error.members.field ?? "content" : "";
    if (text) this.#key = newKey();
    if (!complain(this.fields, error, { too_long: text, unbalanced_variable: text })) fill(this.trouble, errorNotice(error));
  }

  async #delete(/** @type {Template} */ template) {
    const done = await ask({
      title: `‘${template.name}’ 템플릿을 삭제할까요?`, action: "삭제", bad: true, signal: this.signal,
      body: [h("p", {}, "이미 예약된 메시지는 그대로 나갑니다.")],
      run: async () => (await this.app.messaging.deleteTemplate(template.id), true),
    });
    if (!done) return;
    toast("템플릿을 삭제했습니다.");
    location.hash = this.app.router.last(LIST);
  }
}
