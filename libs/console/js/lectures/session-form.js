import { newKey } from "../api.js";
import { today } from "../format.js";
import { SESSION_TYPES } from "../labels.js";
import { ask, Incomplete } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { complain, field } from "../ui/field.js";
import { select } from "../ui/select.js";

/** @typedef {import("./client.js").Session} Session */

/**
 * Make a session, or change one, in a dialog. A new one may take everybody in who is in the lecture.
 * @param {{ app: import("../main.js").App, signal: AbortSignal, lecture: string, session?: Session }} spec `lecture`: its id
 * @returns {Promise<{ session: Session, put: number } | undefined>} `put`: how many students were put into it
 */
export function askSession({ app, signal, lecture, session }) {
  const form = new SessionForm(session);
  const key = newKey();
  /** @type {Session | null} */
  let made = null;
  const create = async () => {
    made ??= await app.lectures.createSession({ lecture, ...form.read() }, key); // should the rest fail, it is there
    const everybody = form.everybody.checked ? await app.lectures.active(lecture, signal) : [];
    return { session: made, put: await app.lectures.intoSession(made.id, everybody.map((each) => each.id)) };
  };
  return ask({
    title: session ? "차시 고치기" : "새 차시", action: session ? "저장" : "차시 만들기", signal, body: form.body(),
    run: async () => (session ? { session: await app.lectures.changeSession(session.id, form.changes(session)), put: 0 } : create()),
    refused: (error) => (form.complain(error) ? h("div") : null),
  });
}

class SessionForm {
  constructor(/** @type {Session | undefined} */ session) {
    this.anew = !session;
    this.order = h("input", { class: "input", type: "number", min: "1", max: "10000", value: session ? String(session.order) : "" });
    this.title = h("input", { class: "input", type: "text", maxlength: "255", autocomplete: "off", value: session?.title ?? "" });
    this.date = h("input", { class: "input", type: "date", value: session ? session.date ?? "" : today() });
    this.type = select(SESSION_TYPES);
    this.type.value = session?.session_type ?? "REGULAR";
    this.everybody = h("input", { type: "checkbox", class: "check", checked: true });
    this.fields = {
      order: field({ label: "순서", control: this.order, optional: this.anew, hint: this.anew ? "비워 두면 맨 끝 차시가 됩니다." : undefined }),
      title: field({ label: "이름", control: this.title, optional: this.anew, hint: this.anew ? "비워 두면 ‘3차시’처럼 순서로 부릅니다." : undefined }),
      date: field({ label: "날짜", control: this.date, optional: true }),
      session_type: field({ label: "구분", control: this.type }),
    };
  }

  /** @returns {import("../ui/dom.js").Child[]} */
  body() {
    const { date, session_type, title, order } = this.fields;
    return [h("div", { class: "field-pair" }, date.node, session_type.node), title.node, order.node,
      this.anew && h("label", { class: "check-line" }, this.everybody, "지금 수강 중인 학생을 모두 이 차시에 넣기")];
  }

  /** @returns {Record<string, any>} Throws Incomplete. */
  read() {
    const order = Number(this.order.value);
    const { fields } = this;
    for (const each of Object.values(fields)) each.setError("");
    if (this.order.value && !(Number.isInteger(order) && order >= 1 && order <= 10_000)) fields.order.setError("1부터 10,000까지의 숫자로 적어 주세요.");
    if (!this.anew && !this.order.value) fields.order.setError("순서를 적어 주세요.");
    if (!this.anew && !this.title.value.trim()) fields.title.setError("이름을 적어 주세요.");
    if (Object.values(fields).some((each) => each.hasError())) throw new Incomplete();
    const given = { ...(this.order.value && { order }), ...(this.title.value.trim() && { title: this.title.value.trim() }) };
    return { ...given, date: this.date.value || null, session_type: this.type.value };
  }

  /** @returns {Record<string, any>} what differs */
  changes(/** @type {Record<string, any>} */ before) {
    return Object.fromEntries(Object.entries(this.read()).filter(([name, value]) => value !== before[name]));
  }

  /** @returns {boolean} */
  complain(/** @type {unknown} */ error) {
    return complain(this.fields, error, { session_order_taken: "order" });
  }
}
