import { ApiError } from "../api.js";
import { fill, h, uid } from "./dom.js";
import { icon } from "./icon.js";

/**
 * A labelled control with a hint and a place for its error.
 * @typedef {{ node: HTMLElement, setError: (message: string) => void, hasError: () => boolean, focus: () => void }} Field
 */

/**
 * @param {{ label: string, control: HTMLElement, hint?: string, target?: HTMLElement, optional?: boolean, quiet?: boolean }} spec
 *        `target`: the focusable element inside a composed `control`; `quiet`: the heading above says it already
 * @returns {Field}
 */
export function field({ label, control, hint, target = control, optional = false, quiet = false }) {
  target.id ||= uid("field");
  const error = h("p", { class: "field-error", id: `${target.id}-error`, hidden: true });
  const note = hint ? h("p", { class: "hint", id: `${target.id}-hint` }, hint) : null;
  const describe = () => [error.hidden ? "" : error.id, note ? note.id : ""].filter(Boolean).join(" ");
  const setError = (/** @type {string} */ message) => {
    error.hidden = !message;
    fill(error, message && icon("alert"), message);
    target.setAttribute("aria-invalid", String(Boolean(message)));
    if (describe()) target.setAttribute("aria-describedby", describe());
    else target.removeAttribute("aria-describedby");
  };
  setError("");
  const node = h("div", { class: "field" },
    h("label", { class: quiet ? "visually-hidden" : "label", htmlFor: target.id },
      label, optional && h("span", { class: "optional" }, "선택")),
    control, error, note);
  return { node, setError, hasError: () => !error.hidden, focus: () => target.focus() };
}

/**
 * Tell the server's complaints at their fields and go to the first.
 * @param {Record<string, Field>} fields by the API's names @param {unknown} error
 * @param {Record<string, string>} [named] fields of which the error's own message speaks, by its code
 * @returns {boolean} whether there was one of these fields
 */
export function complain(fields, error, named = {}) {
  if (!(error instanceof ApiError)) return false;
  const errors = named[error.code] ? { [named[error.code]]: [error.message] } : error.errors;
  const known = Object.entries(errors).filter(([name]) => fields[name]);
  for (const [name, messages] of known) fields[name].setError(messages.join(" "));
  if (known.length) fields[known[0][0]].focus();
  return known.length > 0;
}
