import { clock, number } from "../format.js";
import { SERVICE_CODES } from "../labels.js";
import { gaps, lines } from "../operations/books.js";
import { booksTable, gapList, servicesTable } from "../operations/overview-tables.js";
import { taskState } from "../operations/tasks.js";
import { silentNotice, unknown } from "../operations/words.js";
import { fill, h } from "../ui/dom.js";
import { figures } from "../ui/figures.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";
import { update } from "../ui/update.js";
import { watch } from "../ui/watch.js";

const EVERY_MS = 15_000; // as often as a worker looks at its queues
const BOOKS_EVERY_MS = 5 * 60_000; // they count a day's events
const DAY_MS = 24 * 3_600_000;
const SETTLING_MS = 60_000; // what was made just now may be in no queue's count yet

/**
 * @typedef {import("../operations/overview-tables.js").Now} Now
 * @typedef {{ now: Map<string, Now>, silent: import("../operations/client.js").Silent }} Seen
 */

/** `#/operations`: is everything on its way? */
export function overviewPage(/** @type {import("../router.js").Context} */ context) {
  return new OverviewPage(context).view();
}

class OverviewPage {
  #said = "";
  #booksAt = 0;
  /** @type {Map<string, import("../operations/books.js").Line> | null} */ #lines = null;
  /** @type {Map<string, Now> | null} */ now = null;

  constructor(/** @type {import("../router.js").Context} */ { app, signal }) {
    this.app = app;
    this.signal = signal;
    this.trouble = h("div", { class: "stack" });
    this.silent = h("div", { class: "stack" });
    this.figures = h("div");
    this.services = h("div", {}, h("p", { class: "loading", role: "status" }, "불러오는 중입니다…"));
    this.books = h("div", {}, h("p", { class: "loading" }, "장부를 맞추는 중입니다…"));
    this.gaps = h("div");
    this.measured = h("p", { class: "hint" });
    this.booked = h("p", { class: "hint" });
  }

  /** @returns {import("../router.js").View} */
  view() {
    watch({
      ask: () => this.#ask(), signal: this.signal, first: EVERY_MS, slowest: EVERY_MS, inSight: true,
      onValue: (now) => this.#show(now),
      onTrouble: (error) => this.#onTrouble(error),
      onRefused: (error) => this.#onRefused(error),
    });
    const again = h("button", { class: "button button-small", type: "button", onclick: () => this.#balance() }, "장부 다시 맞추기");
    this.cards = h("div", { class: "stack" },
      h("section", { class: "card", "aria-labelledby": "now-title" }, h("h2", { id: "now-title", class: "card-title" }, "지금"), this.figures, this.services, this.measured),
      h("section", { class: "card", "aria-labelledby": "books-title" },
        h("div", { class: "card-head" }, h("h2", { id: "books-title", class: "card-title" }, "최근 24시간의 장부"), again),
        h("p", { class: "hint" }, "서비스가 받아야 할 이벤트마다: 발행 = 처리 + 실패함 + 미발송 + 발송불가 + 대기열 + 행방불명. 중복은 그 뒤에 다시 온 배달입니다."),
        this.books, this.gaps, this.booked));
    return pageOf({ title: "운영 현황", lead: "모든 서비스의 대기열과 장부, 실패한 메시지와 정기 작업입니다." }, this.trouble, this.silent, this.cards);
  }

  /** @returns {Promise<Seen>} */
  async #ask() {
    if (Date.now() - this.#booksAt > BOOKS_EVERY_MS) this.#balance();
    const { operations } = this.app;
    const moment = Date.now();
    const [depths, causes, tasks] = await Promise.all([
      operations.everywhere("ledger/", this.signal, period(moment - 1000, moment)), // for its queues alone
      operations.everywhere("dead_letters/groups/", this.signal),
      operations.everywhere("tasks/", this.signal),
    ]);
    const now = SERVICE_CODES.filter((service) => depths.parts.has(service) && causes.parts.has(service) && tasks.parts.has(service)).map((service) =>
      /** @type {[string, Now]} */ ([service, {
        queues: depths.parts.get(service).queues, letters: sum(causes.parts.get(service).results.map((/** @type {any} */ cause) => cause.count)),
        tasks: tasks.parts.get(service).results,
      }]));
    return { now: new Map(now), silent: new Map([...depths.silent, ...causes.silent, ...tasks.silent]) };
  }

  #show(/** @type {Seen} */ { now, silent }) {
    update(this.silent, silentNotice(silent, "아래 숫자에는 다른 서비스만 있습니다."));
    this.now = now;
    this.#showFigures();
    update(this.services, servicesTable(now));
    this.measured.textContent = `15초마다 새로 고칩니다. 마지막 ${clock(Date.now())}`;
  }

  /** What is not known yet, or cannot be, is no zero. */
  #showFigures() {
    const now = this.now && [...this.now.values()];
    const lost = this.#lines && sum([...this.#lines.values()].map((line) => line.unaccounted));
    const letters = now && sum(now.map((each) => each.letters));
    const late = now && now.flatMap((each) => each.tasks).filter((task) => taskState(task).trouble).length;
    const waiting = now && sum(now.flatMap((each) => each.queues).map((queue) => queue.visible + queue.in_flight + queue.delayed));
    update(this.figures, figures([
      tile("행방불명", lost, "bad"), tile("실패한 메시지", letters, "warn", "#/operations/letters"),
      tile("문제 있는 정기 작업", late, "bad", "#/operations/tasks?only=trouble"), tile("대기열", waiting, "calm"),
    ], "figures-four"));
    this.#say(lost || letters || late ? `행방불명 ${number(lost)}건, 실패한 메시지 ${number(letters)}건, 문제 있는 정기 작업 ${number(late)}개` : "");
  }

  /** Speak of troubles that are new or over, not at every look. */
  #say(/** @type {string} */ troubles) {
    if (troubles !== this.#said) announce(troubles || "문제가 모두 풀렸습니다.");
    this.#said = troubles;
  }

  async #balance() {
    this.#booksAt = Date.now();
    const until = this.#booksAt - SETTLING_MS;
    try {
      const { parts, silent } = await this.app.operations.everywhere("ledger/", this.signal, period(until - DAY_MS, until));
      if (this.signal.aborted) return;
      this.#showBooks(parts, silent);
    } catch (error) {
      if (this.signal.aborted) return;
      this.#lines = null;
      fill(this.gaps);
      update(this.books, errorNotice(error));
      this.#showFigures();
    }
  }

  #showBooks(/** @type {import("../operations/books.js").Parts} */ parts, /** @type {import("../operations/client.js").Silent} */ silent) {
    fill(this.gaps);
    this.#lines = silent.size ? null : lines(parts);
    if (!this.#lines) update(this.books, notice("warn", `${[...silent.keys()].join(", ")}: 응답이 없어 장부를 맞출 수 없습니다.`));
    else {
      update(this.books, booksTable(this.#lines));
      fill(this.gaps, gapList(gaps(parts)));
    }
    this.booked.textContent = `5분마다 맞춥니다. 마지막 ${clock(this.#booksAt)}, 그 1분 전까지 만든 이벤트`;
    this.#showFigures();
  }

  #onTrouble(/** @type {Error | null} */ error) {
    fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "아래는 마지막으로 본 값입니다. 자동으로 다시 연결하고 있습니다.")));
    announce(error ? explain(error) : "다시 연결되었습니다.");
  }

  #onRefused(/** @type {unknown} */ error) {
    if (this.cards) this.cards.hidden = true;
    fill(this.silent);
    fill(this.trouble, errorNotice(error));
  }
}

function period(/** @type {number} */ since, /** @type {number} */ until) {
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}

/** @returns {number} */
function sum(/** @type {number[]} */ counts) {
  return counts.reduce((total, count) => total + count, 0);
}

/** A count, null where it is not known, with the way to what it counts. */
function tile(/** @type {string} */ label, /** @type {number | null} */ count, /** @type {string} */ tone, href = "") {
  const value = count === null ? unknown() : href && count ? h("a", { href }, number(count)) : count;
  return { label, value, tone: count === null ? "zero" : tone };
}
