import { ApiError } from "../api.js";
import { number, phone, when } from "../format.js";
import { brief } from "../students/words.js";
import { choices } from "../ui/choices.js";
import { fill, h } from "../ui/dom.js";
import { errorNotice, notice, smallPrint } from "../ui/notice.js";
import { DECISIONS_AT_ONCE } from "./client.js";

/**
 * @typedef {import("./client.js").Row} Row @typedef {import("./client.js").Job} Job @typedef {import("../students/client.js").Detail} Detail
 * @typedef {{ row: Row, pick: ReturnType<typeof choices>, value: string }} Open  `value`: "create", "skip", a student's id, or "" not yet
 */

const ASKED_AT_ONCE = 6;
const CREATE = "create";
const SKIP = "skip";

/** Rows that could be several students: a person says which, somebody new, or nobody. Fires "sent" (detail: the job). */
export class ReviewPanel extends EventTarget {
  /** @type {Map<number, Open>} */ #open = new Map();
  /** @type {Map<string, Detail | null>} */ #known = new Map();
  /** @type {string | null} */ #cursor = null;

  /** @param {{ app: import("../main.js").App, job: Job, url: string, count: number, signal: AbortSignal }} spec */
  constructor({ app, job, url, count, signal }) {
    super();
    this.app = app;
    this.job = job;
    this.url = url;
    this.signal = signal;
    this.list = h("ul", { class: "review-rows" });
    this.trouble = h("div");
    this.more = h("button", { class: "button", type: "button", hidden: true, onclick: () => this.load() }, "더 보기");
    this.send = h("button", { class: "button button-main", type: "button", disabled: true, onclick: () => this.#send() }, "결정 보내기");
    this.status = h("p", { class: "hint", role: "status" });
    const all = (/** @type {string} */ label, /** @type {(open: Open) => string} */ value) => h("button", { class: "button button-small", type: "button", onclick: () => this.#decideAll(value) }, label);
    this.node = h("section", { class: "card stack review-card", "aria-labelledby": "review-title" },
      h("h2", { id: "review-title", class: "card-title" }, `확인이 필요한 ${number(count)}행`),
      h("p", { class: "lead" }, "같은 학생으로 볼 수 있는 기록이 여럿입니다. 어느 학생인지 고르면 등록을 이어서 합니다."),
      h("div", { class: "actions", role: "group", "aria-label": "정하지 않은 행 모두" }, h("span", { class: "hint" }, "정하지 않은 행 모두"),
        all("가장 나중 기록으로", (open) => this.#latest(open.row)), all("새 학생으로", () => CREATE), all("건너뛰기", () => SKIP)),
      this.list, this.more, this.trouble, h("div", { class: "actions" }, this.send, this.status));
  }

  async load() {
    this.more.disabled = true;
    fill(this.trouble);
    try {
      const page = await this.app.roster.rows(this.url, { outcome: "needs_review", cursor: this.#cursor, signal: this.signal });
      await this.#learn(page.results.flatMap((row) => row.candidates ?? []));
      if (this.signal.aborted) return;
      for (const row of page.results) this.#add(row);
      this.#cursor = page.next;
      this.more.hidden = !page.next;
      this.#tell();
    } catch (error) {
      if (this.signal.aborted) return;
      fill(this.trouble, errorNotice(error, h("button", { class: "button", type: "button", onclick: () => this.load() }, "다시 불러오기")));
    } finally {
      this.more.disabled = false;
    }
  }

  /** Read who the candidates are, a few at a time; null: not any more. */
  async #learn(/** @type {string[]} */ ids) {
    const wanted = [...new Set(ids)].filter((id) => !this.#known.has(id));
    const one = async () => {
      for (let id = wanted.shift(); id !== undefined; id = wanted.shift()) {
        try {
          this.#known.set(id, await this.app.students.show(id, this.signal));
        } catch (error) {
          if (!(error instanceof ApiError && error.status === 404)) throw error;
          this.#known.set(id, null);
        }
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, one));
  }

  #add(/** @type {Row} */ row) {
    const name = `${number(row.row)}행 ${row.name ?? ""}`;
    const found = (row.candidates ?? []).flatMap((id) => {
      const student = this.#known.get(id);
      return student ? [{ value: id, label: student.name, hint: candidateLine(student) }] : [];
    });
    const pick = choices({
      label: `${name}: 누구인가요?`, value: "", onPick: (value) => this.#decide(row.row, value),
      items: [...found, { value: CREATE, label: "새 학생으로 만들기", hint: "여기 있는 기록과 다른 학생입니다." }, { value: SKIP, label: "건너뛰기", hint: "등록하지 않습니다." }],
    });
    this.#open.set(row.row, { row, pick, value: "" });
    this.list.append(h("li", { class: "review-row" }, h("p", {}, h("strong", {}, name), ` ${phone(row.parent_phone)}`), h("p", { class: "hint" }, row.reason), pick.node));
  }

  #decide(/** @type {number} */ row, /** @type {string} */ value) {
    const open = this.#open.get(row);
    if (open) open.value = value;
    this.#tell();
  }

  #decideAll(/** @type {(open: Open) => string} */ value) {
    for (const open of this.#open.values()) {
      if (open.value) continue;
      open.value = value(open);
      open.pick.pick(open.value);
    }
    this.#tell();
  }

  /** The candidate that was deleted last; "" when none is left. @returns {string} */
  #latest(/** @type {Row} */ row) {
    const known = (row.candidates ?? []).flatMap((id) => this.#known.get(id) ?? []);
    return known.sort((a, b) => (b.deleted_at ?? "9").localeCompare(a.deleted_at ?? "9"))[0]?.id ?? "";
  }

  get #decided() {
    return [...this.#open.values()].filter((open) => open.value).slice(0, DECISIONS_AT_ONCE);
  }

  #tell() {
    const done = this.#decided.length;
    this.send.disabled = done === 0;
    this.send.textContent = done ? `${number(done)}행 결정 보내기` : "결정 보내기";
    const left = this.#open.size - done;
    this.status.textContent = left > 0 ? `${number(left)}행을 아직 정하지 않았습니다. 정한 것부터 보낼 수 있습니다.` : "모두 정했습니다.";
  }

  async #send() {
    const decisions = this.#decided.map(({ row, value }) => decision(row.row, value));
    this.send.disabled = true;
    fill(this.trouble);
    try {
      this.dispatchEvent(new CustomEvent("sent", { detail: await this.app.roster.review(this.job.job_id, decisions) }));
    } catch (error) {
      if (this.signal.aborted) return;
      this.send.disabled = false;
      fill(this.trouble, refusal(error));
    }
  }
}

/** @returns {import("./client.js").Decision} */
function decision(/** @type {number} */ row, /** @type {string} */ value) {
  if (value === CREATE || value === SKIP) return { row, action: value };
  return { row, action: "pick", student_id: value };
}

/** @returns {string} */
function candidateLine(/** @type {Detail} */ student) {
  return [brief(student), student.deleted_at ? `${when(student.deleted_at)} 삭제됨` : "지금 있는 학생", student.login_id].filter(Boolean).join(" · ");
}

function refusal(/** @type {unknown} */ error) {
  const rows = error instanceof ApiError && error.members.errors?.decisions;
  if (!rows || typeof rows !== "object" || Array.isArray(rows)) return errorNotice(error);
  const said = Object.entries(rows).map(([row, messages]) => h("li", {}, `${row}행: ${[messages].flat().map(String).join(" ")}`));
  return notice("bad", /** @type {ApiError} */ (error).message, h("ul", { class: "reasons" }, ...said), smallPrint(error));
}
