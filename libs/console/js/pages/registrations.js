import { number } from "../format.js";
import { REQUEST_STATES } from "../labels.js";
import { autoApprove } from "../students/auto-approve.js";
import { COLUMNS, approve, askReject, cells } from "../students/requests.js";
import { bulkResult, namesOf } from "../students/results.js";
import { chips } from "../ui/chips.js";
import { fill, h } from "../ui/dom.js";
import { Listing, pickedBar } from "../ui/listing.js";
import { pageOf, workButton } from "../ui/page.js";

/** @typedef {import("../students/requests.js").Request} Request */

const EMPTY = /** @type {Record<string, string>} */ ({
  pending: "기다리는 신청이 없습니다.", approved: "승인한 신청이 없습니다.", rejected: "거절한 신청이 없습니다.",
});

/** `#/registrations?status=…`: who asked to be let in. */
export function registrationsPage(/** @type {import("../router.js").Context} */ context) {
  return new RegistrationsPage(context).view();
}

class RegistrationsPage {
  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    const asked = query.get("status") ?? "";
    this.status = asked in REQUEST_STATES ? asked : "pending";
    this.result = h("div", { class: "stack" });
    this.filters = chips({
      label: "상태로 거르기", onPick: (value) => this.#pick(value),
      items: Object.entries(REQUEST_STATES).map(([value, { label }]) => ({ value, label })),
    });
    this.listing = new Listing({
      caption: "가입 신청 목록", unit: "건", signal, columns: COLUMNS, cells: (request) => cells(request, this.#buttons(request)), name: (request) => request.name,
      read: (cursor, run) => app.students.page("registration_requests/", { status: this.status, cursor }, run), empty: () => EMPTY[this.status],
    });
  }

  /** @returns {import("../router.js").View} */
  view() {
    const bar = pickedBar(this.listing,
      workButton("승인", { kind: "button-main", trouble: this.result, run: () => this.#approveAll() }),
      h("button", { class: "button", type: "button", onclick: () => this.#rejectAll() }, "거절"));
    this.card = h("section", { class: "card list-card", "aria-label": "가입 신청 목록" }, this.filters.node, bar, this.listing.node);
    this.filters.select(this.status);
    this.#pick(this.status);
    return pageOf({ title: "가입 신청", lead: "학생과 학부모가 보낸 신청을 확인하고 승인합니다." },
      autoApprove({ app: this.app, signal: this.signal }), this.result, this.card);
  }

  #pick(/** @type {string} */ status) {
    this.status = status;
    this.card?.classList.toggle("no-picking", status !== "pending");
    this.app.router.keep(status === "pending" ? {} : { status });
    fill(this.result);
    this.listing.reload();
  }

  #buttons(/** @type {Request} */ request) {
    const yes = workButton("승인", { kind: "button-small button-soft", trouble: this.result, run: () => this.#approve(request) });
    const no = h("button", { class: "button button-small", type: "button", onclick: () => this.#reject(request) }, "거절");
    yes.setAttribute("aria-label", `${request.name} 승인`);
    no.setAttribute("aria-label", `${request.name} 거절`);
    return [yes, no];
  }

  async #approve(/** @type {Request} */ request) {
    if (!(await approve(request, { app: this.app, signal: this.signal }))) return;
    this.#said(`${request.name} 학생의 신청을 승인했습니다.`, [request], []);
  }

  async #reject(/** @type {Request} */ request) {
    const run = (/** @type {any} */ body) => this.app.students.send(`registration_requests/${encodeURIComponent(request.id)}/reject/`, body);
    if (await askReject(`${request.name} 학생의 신청을 거절할까요?`, run, this.signal)) this.#said(`${request.name} 학생의 신청을 거절했습니다.`, [request], []);
  }

  async #approveAll() {
    const { picked } = this.listing;
    const answer = await this.app.students.send("registration_requests/bulk_approve/", { ids: picked.map((request) => request.id) });
    this.#said(`${number(answer.approved)}건을 승인했습니다.`, picked, answer.failed);
  }

  async #rejectAll() {
    const { picked } = this.listing;
    const ids = picked.map((request) => request.id);
    const run = (/** @type {any} */ body) => this.app.students.send("registration_requests/bulk_reject/", { ...body, ids });
    const answer = await askReject(`신청 ${number(ids.length)}건을 거절할까요?`, run, this.signal);
    if (answer) this.#said(`${number(answer.rejected)}건을 거절했습니다.`, picked, answer.failed);
  }

  /** @param {string} done @param {{ id: string, name?: string }[]} requests @param {{ id: string, code: string, detail: string }[]} failed */
  #said(done, requests, failed) {
    const left = new Set(failed.map((each) => each.id));
    this.listing.drop(requests.map((request) => request.id).filter((id) => !left.has(id)));
    const skipped = failed.map((each) => ({ ...each, reason: each.detail }));
    fill(this.result, bulkResult({ done, skipped, names: namesOf(requests), unit: "건" }));
  }
}
