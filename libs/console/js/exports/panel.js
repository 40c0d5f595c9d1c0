import { ApiError } from "../api.js";
import { number, size, when } from "../format.js";
import { EXPORT_KINDS } from "../labels.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice, smallPrint } from "../ui/notice.js";
import { progressPanel } from "../ui/progress.js";
import { watch } from "../ui/watch.js";

/** @typedef {import("./client.js").Export} Export @typedef {import("./client.js").Kind} Kind */

const FIRST_MS = 500;
const SLOWEST_MS = 2000;
export const GONE = "만든 지 24시간이 지나 파일이 사라졌습니다. 다시 내보내 주세요.";

/** @returns {boolean} */
export function made(/** @type {Export} */ job) {
  return !["PENDING", "RUNNING"].includes(job.status);
}

/**
 * Fetch a workbook by a link that is signed now. @returns {Promise<Export>} as it is now: no link, no download
 * @param {{ app: import("../main.js").App, id: string, signal: AbortSignal }} spec
 */
export async function download({ app, id, signal }) {
  const job = await app.exports.show(id, signal);
  if (job.download_url) h("a", { href: job.download_url, download: job.file_name, rel: "noreferrer" }).click();
  return job;
}

/**
 * Asks for a workbook, shows how far it is, and offers it. What was asked for before, here or elsewhere, is followed on.
 */
export class ExportPanel {
  #watching = new AbortController();

  /** @param {{ app: import("../main.js").App, signal: AbortSignal }} spec */
  constructor({ app, signal }) {
    this.app = app;
    this.signal = signal;
    this.node = h("div", { class: "export-panel" });
  }

  /** A button that asks for a workbook. @returns {HTMLButtonElement} */
  button(/** @type {string} */ label, /** @type {Kind} */ kind, /** @type {string} */ target) {
    const button = h("button", { class: "button", type: "button" }, icon("download"), label);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        this.#follow(await this.app.exports.ask(kind, target));
      } catch (error) {
        if (!this.signal.aborted) fill(this.node, errorNotice(error));
      } finally {
        button.disabled = false;
      }
    });
    return button;
  }

  /** Whatever of this kind is being made right now, as after a reload. @returns {Promise<void>} */
  async resume(/** @type {Kind} */ kind, /** @type {string} */ target) {
    try {
      const { results } = await this.app.exports.page({ kind, target, page_size: 1 }, this.signal);
      const running = results.find((each) => !made(each));
      if (running) this.#follow(running);
    } catch {
      // the button still asks for it
    }
  }

  #follow(/** @type {Export} */ first) {
    this.#watching.abort();
    const { signal } = (this.#watching = new AbortController());
    const panel = progressPanel();
    fill(this.node, h("div", { class: "card" }, panel.node));
    const show = (/** @type {Export} */ job) => (made(job) ? this.#show(job) : panel.set(reading(job)));
    show(first);
    if (made(first)) return;
    watch({
      ask: () => this.app.exports.show(first.id, this.signal), signal: AbortSignal.any([signal, this.signal]), first: FIRST_MS, slowest: SLOWEST_MS,
      over: made, onValue: show, onRefused: (error) => fill(this.node, errorNotice(error)),
      onTrouble: (error) => error && panel.set({ ...reading(first), left: explain(error) }),
    });
  }

  #show(/** @type {Export} */ job) {
    const word = EXPORT_KINDS[job.kind] ?? "엑셀";
    announce(job.status === "DONE" ? `${word} 파일이 준비되었습니다.` : `${word} 파일을 만들지 못했습니다.`);
    if (job.status !== "DONE") return fill(this.node, job.status === "EXPIRED" ? notice("warn", GONE) : notice("bad", job.error_message ?? "파일을 만들지 못했습니다.", code(job)));
    const fetch = h("button", { class: "button button-main", type: "button", onclick: () => this.#download(job) }, icon("download"), "파일 받기");
    fill(this.node, notice("good", `‘${job.file_name}’ 파일이 준비되었습니다.`,
      h("p", {}, `${size(job.bytes ?? 0)} · ${number(job.progress.rows_done)}행${job.expires_at ? ` · ${when(job.expires_at)}까지 받을 수 있습니다.` : ""}`),
      h("div", { class: "actions" }, fetch, h("a", { class: "button", href: "#/exports" }, "내보낸 파일 모두 보기"))));
  }

  async #download(/** @type {Export} */ job) {
    try {
      const now = await download({ app: this.app, id: job.id, signal: this.signal });
      if (!now.download_url) this.#show(now);
    } catch (error) {
      if (!this.signal.aborted) fill(this.node, error instanceof ApiError && error.status === 404 ? notice("warn", GONE, smallPrint(error)) : errorNotice(error));
    }
  }
}

function code(/** @type {Export} */ job) {
  return job.error_code && h("p", { class: "small-print" }, `오류 코드 ${job.error_code}`);
}

/** @returns {import("../ui/progress.js").Reading} */
function reading(/** @type {Export} */ { status, progress, kind }) {
  const rows = progress.rows_total ? `${number(progress.rows_done)} / ${number(progress.rows_total)}행` : "";
  const label = `${EXPORT_KINDS[kind] ?? "엑셀"} 파일을 ${status === "PENDING" ? "만들 차례를 기다리는 중" : "만드는 중"}`;
  return { percent: status === "PENDING" ? null : progress.percent, label, left: rows, right: "이 화면을 떠나도 계속됩니다." };
}
