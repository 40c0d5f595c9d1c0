import { fill, h, uid } from "./dom.js";
import { icon } from "./icon.js";

/** A password input that can be shown. @returns {{ node: HTMLElement, input: HTMLInputElement }} */
export function passwordInput(/** @type {Record<string, any>} */ props) {
  const input = h("input", { ...props, id: uid("password"), class: "input", type: "password" });
  const toggle = h("button", { class: "reveal", type: "button", "aria-pressed": "false", "aria-controls": input.id });
  const show = (/** @type {boolean} */ visible) => {
    input.type = visible ? "text" : "password";
    toggle.setAttribute("aria-pressed", String(visible));
    toggle.setAttribute("aria-label", "비밀번호 보기");
    fill(toggle, icon("eye"), visible ? "숨기기" : "보기");
  };
  toggle.addEventListener("click", () => show(input.type === "password"));
  show(false);
  // a form of a password alone makes browsers complain of a missing user name
  const nobody = h("input", { type: "text", autocomplete: "username", hidden: true, "aria-hidden": "true" });
  return { node: h("div", { class: "input-row" }, nobody, input, toggle), input };
}
