import { append, h } from "./dom.js";

/**
 * A table that becomes a stack of cards on a narrow screen. The roles are spelled out because
 * `display: block`, which the cards need, takes the native ones away.
 * @typedef {{ key: string, label: string, head?: Node }} Column  `head` stands in the heading in place of the label
 */
export function dataTable(/** @type {string} */ caption, /** @type {Column[]} */ columns, extra = "") {
  const body = h("tbody", { role: "rowgroup" });
  const head = columns.map((column) => h("th", { role: "columnheader", scope: "col", class: `col-${column.key}` }, column.head ?? column.label));
  const node = h("table", { class: `table ${extra}`.trim(), role: "table" },
    h("caption", { class: "visually-hidden" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)), body);

  /** Adds one row; `cells` are in the order of the columns. */
  const add = (/** @type {import("./dom.js").Child[][]} */ cells) => {
    const row = h("tr", { role: "row" });
    append(row, columns.map((column, i) =>
      h("td", { role: "cell", class: `col-${column.key}`, "data-label": column.label }, ...cells[i])));
    body.append(row);
    return row;
  };
  return { node, add, clear: () => body.replaceChildren() };
}

/** @returns {HTMLElement} a word on a tinted ground */
export function badge(/** @type {string} */ tone, /** @type {string} */ text) {
  return h("span", { class: `badge badge-${tone}` }, text);
}

/** @returns {HTMLElement} a word of one of the tables of labels.js */
export function wordBadge(/** @type {Record<string, { label: string, tone: string }>} */ words, /** @type {string} */ code) {
  return badge(words[code]?.tone ?? "calm", words[code]?.label ?? code);
}

/** @returns {import("./dom.js").Child} the text, or a dash where there is none, which a narrow screen's list leaves out */
export function orDash(/** @type {import("./dom.js").Child} */ text) {
  return text || h("span", { class: "blank" }, h("span", { "aria-hidden": "true" }, "–"), h("span", { class: "visually-hidden" }, "없음"));
}
