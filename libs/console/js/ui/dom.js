/**
 * Elements without HTML strings: whatever comes from a file or the server can only become text.
 *
 * @typedef {Node | string | number | null | undefined | false} Child
 */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "htmlFor", "tabIndex", "type", "id"]);

function setProp(/** @type {any} */ node, /** @type {string} */ name, /** @type {any} */ value) {
  if (name === "style" || name.startsWith("inner") || name.startsWith("outer")) throw new TypeError(`${name} is refused`);
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) node[name] = value;
  else if (value === true) node.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
}

/**
 * h("p", { class: "hint", onclick: f }, "text", child)
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} [props] @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  append(node, children);
  return node;
}

/** Add children; strings become text nodes, empty ones are left out. */
export function append(/** @type {Element} */ node, /** @type {Child[]} */ children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** Replace everything inside `node`. */
export function fill(/** @type {Element} */ node, /** @type {Child[]} */ ...children) {
  node.replaceChildren();
  append(node, children);
}

let lastId = 0;

/** An id for labels and descriptions, unique in this document. @returns {string} */
export function uid(/** @type {string} */ prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
