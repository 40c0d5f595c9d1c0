import { clock } from "../format.js";
import { assemble, missing, says, summary, walk } from "../operations/graph.js";
import { flowTree } from "../operations/tree.js";
import { silentNotice } from "../operations/words.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { announce } from "../ui/live.js";
import { errorNotice, explain, notice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";
import { update } from "../ui/update.js";
import { watch } from "../ui/watch.js";

const EVERY_MS = 5000; // while somebody has not answered
const MOST_MISSING = 20;

/** `#/operations/flow?of=…`: every event and effect of a job or request, and what is missing. */
export function flowPage(/** @type {import("../router.js").Context} */ context) {
  return new FlowPage(context).view();
}

class FlowPage {
  #run = new AbortController();
  #said = "";

  constructor(/** @type {import("../router.js").Context} */ { app, query, signal }) {
    this.app = app;
    this.signal = signal;
    this.input = h("input", {
      class: "input mono-input", type: "search", "aria-label": "작업, 요청 또는 흐름 번호", placeholder: "작업, 요청 또는 흐름 번호", maxlength: "200",
      autocomplete: "off", spellcheck: "false", value: query.get("of") ?? "",
    });
    this.trouble = h("div", { class: "stack" });
    this.silent = h("div");
    this.missing = h("div");
    this.asked = h("p", { class: "hint" });
    this.box = h("div", { class: "stack" });
  }

  /** @returns {import("../router.js").View} */
  view() {
    this.signal.addEventListener("abort", () => this.#run.abort(), { once: true });
    const form = h("form", { class: "card flow-form", role: "search", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#open();
    } }, h("div", { class: "search" }, icon("search"), this.input), h("button", { class: "button button-main", type: "submit" }, "흐름 보기"));
    if (this.input.value) this.#open();
    else fill(this.box, h("p", { class: "listing-empty" }, "번호를 넣으면 그 일에서 나온 모든 이벤트와 그 효과, 아직 답이 없는 곳을 보여 줍니다."));
    return pageOf({ title: "흐름", lead: "한 번의 등록이나 요청이 서비스들을 지나간 길입니다." }, form, this.trouble, this.silent, this.missing, this.asked, this.box);
  }

  #open() {
    const reference = this.input.value.trim();
    if (!reference) return this.input.focus();
    this.app.router.keep({ of: reference });
    this.#run.abort();
    this.#run = new AbortController();
    this.#said = "";
    fill(this.trouble);
    fill(this.missing);
    fill(this.asked);
    fill(this.box, h("p", { class: "loading", role: "status" }, "모든 서비스에 묻고 있습니다…"));
    watch({
      ask: () => this.app.operations.flow(reference, this.#run.signal), signal: this.#run.signal, first: EVERY_MS, slowest: EVERY_MS, inSight: true,
      over: ({ parts, silent }) => silent.size === 0 && missing(assemble(parts)).length === 0,
      onValue: (found) => this.#show(found),
      onTrouble: (error) => fill(this.trouble, error && notice("warn", explain(error), h("p", {}, "자동으로 다시 연결하고 있습니다."))),
      onRefused: (error) => {
        fill(this.box);
        fill(this.trouble, errorNotice(error));
      },
    });
  }

  #show(/** @type {import("../operations/client.js").Flow} */ { parts, silent, flows }) {
    fill(this.silent, silentNotice(silent, "그 서비스가 보내고 처리한 것은 보이지 않습니다."));
    const known = [...parts.values()].some((part) => part.sent.length || part.handled.length || part.died.length);
    if (!known) return this.#unknown();
    const roots = assemble(parts);
    const waits = missing(roots);
    const text = summary(roots);
    update(this.missing, waits.length ? missingNotice(waits) : null);
    update(this.box, h("section", { class: "card", "aria-labelledby": "flow-title" }, h("h2", { id: "flow-title", class: "card-title" }, text),
      ending(roots, waits), flowTree(roots, flows), ![...parts.values()].every((part) => part.complete) && h("p", { class: "hint" }, "너무 많아 일부만 보였습니다.")));
    this.asked.textContent = waits.length ? `5초마다 다시 묻습니다. 마지막 ${clock(Date.now())}` : "";
    if (text !== this.#said) announce([text, waits.length && `답이 없는 곳 ${waits.length}`].filter(Boolean).join(", "));
    this.#said = text;
  }

  #unknown() {
    fill(this.missing);
    fill(this.asked);
    fill(this.box, notice("warn", "어느 서비스도 이 번호를 모릅니다.", h("p", {}, "번호가 맞는지 보세요. 흐름은 보낸 날부터 30일 동안 남습니다.")));
    announce("어느 서비스도 이 번호를 모릅니다.");
  }
}

/** "students 응답 없음 (4분째)", for each that is missing. */
function missingNotice(/** @type {import("../operations/graph.js").Edge[]} */ waits) {
  const more = waits.length - MOST_MISSING;
  const node = notice("bad", `아직 답이 없는 곳 ${waits.length}`, h("ul", { class: "reasons" }, ...waits.slice(0, MOST_MISSING).map((edge) =>
    h("li", {}, h("span", { class: "mono" }, `${edge.type} #${edge.number}`), `: ${says(edge)}`))),
  more > 0 && h("p", { class: "hint" }, `그 밖에 ${more}`));
  node.setAttribute("role", "note"); // its ages change by themselves, and are no news
  return node;
}

function ending(/** @type {import("../operations/graph.js").Edge[]} */ roots, /** @type {import("../operations/graph.js").Edge[]} */ waits) {
  const dead = walk(roots).filter((edge) => edge.state === "dead").length;
  if (dead) return h("p", { class: "lead" }, `실패함에 있는 이벤트가 ${dead}건 있습니다.`);
  return waits.length ? null : h("p", { class: "lead" }, "모두 처리되었습니다.");
}
