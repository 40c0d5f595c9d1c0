import { h } from "./dom.js";

/**
 * The pages of one part, of which one is open.
 * @param {{ label: string, tabs: [string, string][], at: string, below: boolean }} spec `at`: the open one's path; `below`: something within it is shown
 */
export function tabsOf({ label, tabs, at, below }) {
  const links = tabs.map(([path, word]) => h("a", { href: `#${path}`, "aria-current": path === at ? (below ? "true" : "page") : null }, word));
  const node = h("nav", { class: "tabs", "aria-label": label }, ...links);
  queueMicrotask(() => node.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" })); // wider than a phone, and not on screen yet
  return node;
}
