import { h } from "./dom.js";
import { icon } from "./icon.js";
import { announce } from "./live.js";

const STAYS_MS = 12_000;

/** A passing message with an optional link; stays while the pointer or the focus is on it. */
export function toast(/** @type {string} */ text, /** @type {{ href: string, label: string } | undefined} */ link = undefined) {
  const close = () => node.remove();
  const node = h("div", { class: "toast" }, h("p", {}, text),
    link && h("a", { href: link.href, onclick: close }, link.label),
    h("button", { class: "icon-button", type: "button", "aria-label": "알림 닫기", onclick: close }, icon("cross")));
  document.getElementById("toasts")?.append(node);
  announce(text);
  const later = () => setTimeout(() => (node.matches(":hover, :focus-within") ? later() : close()), STAYS_MS);
  later();
}
