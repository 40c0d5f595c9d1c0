import { clock, instant, number } from "../format.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { alike, says } from "./graph.js";
import { links } from "./words.js";

/** @typedef {import("./graph.js").Edge} Edge */

const LOOKS = /** @type {const} */ ({
  handled: { symbol: "check", tone: "good" }, dead: { symbol: "alert", tone: "bad" }, discarded: { symbol: "cross", tone: "calm" },
  waiting: { symbol: "clock", tone: "warn" }, unsent: { symbol: "clock", tone: "warn" },
});

/** The graph as nested lists, each event above what it caused. @param {Edge[]} roots @param {string[]} flows their ids */
export function flowTree(roots, flows) {
  const query = /** @type {Record<string, string>} */ (flows.length === 1 ? { correlation_id: flows[0] } : {});
  return h("div", { class: "flow" }, new Tree(query).branch(roots));
}

class Tree {
  constructor(/** @type {Record<string, string>} */ query) {
    this.query = query;
  }

  /** @returns {HTMLElement} */
  branch(/** @type {Edge[]} */ edges) {
    return h("ul", { class: "flow-list" }, ...alike(edges).map((group) => (group.length > 1 ? this.#crowd(group) : this.#single(group[0]))));
  }

  #single(/** @type {Edge} */ edge) {
    return h("li", { class: "flow-item" }, this.#line(edge, `${edge.type} → ${edge.destination}`), edge.causes.length > 0 && this.branch(edge.causes));
  }

  /** Many alike in one line, with those that are not as they should be below it. */
  #crowd(/** @type {Edge[]} */ group) {
    const [first] = group;
    const odd = group.filter((edge) => edge.state !== "handled" || edge.duplicates > 0 || edge.receives > 1);
    const done = group.filter((edge) => edge.state === "handled").length;
    const below = group.flatMap((edge) => edge.causes);
    const whole = done === group.length;
    return h("li", { class: "flow-item" },
      h("div", { class: "flow-line" }, mark(whole ? "check" : "alert", whole ? "good" : "warn"),
        h("span", { class: "flow-name" }, `${first.type} ×${number(group.length)} → ${first.destination}`),
        h("span", { class: "flow-says" }, `처리 ${number(done)}`)),
      odd.length > 0 && h("ul", { class: "flow-odd" }, ...odd.map((edge) => h("li", {}, this.#line(edge, `#${edge.number}`)))),
      below.length > 0 && this.branch(below));
  }

  #line(/** @type {Edge} */ edge, /** @type {string} */ title) {
    const { symbol, tone } = LOOKS[edge.state];
    const letters = links.letters(edge.destination, { ...this.query, type: edge.type, state: edge.state === "discarded" ? "discarded" : "" });
    return h("div", { class: "flow-line" }, mark(symbol, tone), h("span", { class: "flow-name" }, title),
      h("span", { class: `flow-says ${edge.state === "handled" ? "" : `flow-${tone}`}`.trim() }, says(edge)),
      h("time", { class: "flow-time", datetime: edge.createdAt, title: instant(edge.createdAt) }, clock(edge.createdAt)),
      ["dead", "discarded"].includes(edge.state) && h("a", { href: letters }, "메시지 보기"));
  }
}

function mark(/** @type {string} */ symbol, /** @type {string} */ tone) {
  return h("span", { class: `flow-mark flow-${tone}` }, icon(symbol));
}
