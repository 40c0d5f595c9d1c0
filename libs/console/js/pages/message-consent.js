import { day, when } from "../format.js";
import { CONSENT_ACTIONS, CONSENT_KINDS, CONSENT_WAYS } from "../labels.js";
import { ConsentForm } from "../messaging/consent-form.js";
import { StudentSearch } from "../messaging/student-search.js";
import { messagesView } from "../messaging/tabs.js";
import { masked } from "../messaging/words.js";
import { chips } from "../ui/chips.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { load } from "../ui/page.js";
import { badge, orDash } from "../ui/table.js";

/** @typedef {import("../messaging/client.js").Consent} Consent */

const SOON_MS = 3 * 86_400_000;
const LISTS = /** @type {Record<string, { label: string, empty: string }>} */ ({
  notice: { label: "결과를 알릴 것", empty: "14일 안에 알릴 것이 없습니다." },
  renewal: { label: "다시 확인할 것", empty: "30일 안에 다시 확인할 것이 없습니다." },
  all: { label: "모두", empty: "기록된 동의가 없습니다." },
});

/** `#/messages/consent?show=notice|renewal|all`: who agreed to advertising, whom to tell and whom to ask again. */
export function messageConsentPage(/** @type {import("../router.js").Context} */ context) {
  return new ConsentPage(context).view();
}

class ConsentPage {
  /** @type {import("../students/client.js").Student | null} */ #student = null;

  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    const asked = query.get("show") ?? "";
    this.shown = asked in LISTS ? asked : "notice";
    this.form = new ConsentForm({ app, signal });
    this.form.addEventListener("recorded", () => this.listing.reload());
    this.search = new StudentSearch({ label: "학생의 동의 보기", app, signal });
    this.search.addEventListener("picked", (event) => this.#of(/** @type {CustomEvent} */ (event).detail));
    this.one = h("div");
    this.filter = chips({ label: "동의 거르기", items: Object.entries(LISTS).map(([value, { label }]) => ({ value, label })), onPick: (value) => this.#pick(value) });
    this.listing = new Listing({
      caption: "수신 동의 목록", unit: "건", signal, columns: COLUMNS, cells: (consent) => this.#cells(consent),
      read: (cursor, run) => this.#read(cursor, run), empty: () => (this.#student ? "이 학생의 번호로 기록된 동의가 없습니다." : LISTS[this.shown].empty),
    });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.filter.select(this.shown);
    this.#pick(this.shown);
    return messagesView({ title: "수신 동의", lead: "광고는 동의한 번호에만 보냅니다. 동의와 철회의 결과는 14일 안에 알리고, 동의는 2년마다 다시 확인합니다.", at: "/messages/consent" },
      h("section", { class: "card list-card", "aria-label": "수신 동의 목록" }, h("div", { class: "consent-head" }, this.filter.node, this.search.node), this.one, this.listing.node), this.form.node);
  }

  #pick(/** @type {string} */ wanted) {
    this.shown = wanted;
    this.#student = null;
    fill(this.one);
    this.app.router.keep(wanted === "notice" ? {} : { show: wanted });
    this.listing.reload();
  }

  #of(/** @type {import("../students/client.js").Student} */ student) {
    this.#student = student;
    this.filter.select("");
    fill(this.one, h("p", { class: "facts" }, h("strong", {}, student.name), "학생과 학부모의 번호",
      h("button", { class: "button button-quiet", type: "button", onclick: () => (this.filter.select("all"), this.#pick("all")) }, "모두 보기")));
    this.listing.reload();
  }

  /** @returns {Promise<import("../api.js").Page>} */
  async #read(/** @type {string | null} */ cursor, /** @type {AbortSignal} */ run) {
    const { messaging } = this.app;
    const whole = this.#student || this.shown === "all";
    const page = await (whole ? messaging.page("consent/", { student_id: this.#student?.id, cursor }, run) : messaging.page("consent/due/", { what: this.shown, cursor }, run));
    return { ...page, results: page.results.map((row) => ({ ...row, id: `${row.fingerprint}:${row.kind}` })) };
  }

  /** @returns {import("../ui/dom.js").Child[][]} */
  #cells(/** @type {Consent} */ consent) {
    const button = (/** @type {string} */ word, /** @type {() => void} */ run) => h("button", { class: "button button-small", type: "button", onclick: run }, word);
    return [
      [masked(consent.recipient)], [CONSENT_KINDS[consent.kind] ?? consent.kind],
      [consent.given ? badge("good", "동의") : badge("calm", "철회"), " ", h("span", { class: "hint" }, day(consent.changed_at))],
      [due(consent.notice_by, "알림 끝")], [due(consent.renew_by, "")],
      [h("div", { class: "row-actions" }, consent.notice_by && button("알림 기록", () => this.form.about(consent, "notified")),
        this.shown === "renewal" && button("재확인 기록", () => this.form.about(consent, "confirmed")), button("내역", () => showEntries(consent, this.app, this.signal)))],
    ];
  }
}

const COLUMNS = [
  { key: "name", label: "번호" }, { key: "what", label: "무엇" }, { key: "state", label: "상태" }, { key: "day", label: "결과 알림 기한" }, { key: "day", label: "재확인 기한" }, { key: "act", label: "" },
];

/** @returns {import("../ui/dom.js").Child} */
function due(/** @type {string | null} */ time, /** @type {string} */ done) {
  if (!time) return done ? h("span", { class: "hint" }, done) : orDash("");
  const left = Date.parse(time) - Date.now();
  return left < 0 ? badge("bad", `${day(time)} 지남`) : left < SOON_MS ? badge("warn", `${day(time)}까지`) : `${day(time)}까지`;
}

/** Everything that one number ever said; nobody can change it. */
function showEntries(/** @type {Consent} */ consent, /** @type {import("../main.js").App} */ app, /** @type {AbortSignal} */ signal) {
  const box = h("div");
  const line = (/** @type {import("../messaging/client.js").ConsentEntry} */ entry) => h("li", { class: "two-lines" },
    h("span", {}, h("strong", {}, `${CONSENT_KINDS[entry.kind] ?? entry.kind} ${CONSENT_ACTIONS[entry.action] ?? entry.action}`), ` ${when(entry.at)}`),
    h("span", { class: "hint" }, [CONSENT_WAYS[entry.via] ?? entry.via, entry.evidence, `${entry.recorded_by} 기록`].filter(Boolean).join(" · ")));
  load({ box, signal, read: () => app.messaging.page(`consent/${encodeURIComponent(consent.fingerprint)}/`, {}, signal), show: (page) => fill(box, h("ul", { class: "reasons" }, ...page.results.map(line))) });
  return ask({ title: `${consent.recipient ?? "파기된 번호"}의 내역`, action: "닫기", signal, body: [box], run: async () => true });
}
