import { fill, h } from "./dom.js";

/** The bar on top: the product, the menu, whose academy it is, the way out. */
export class Shell {
  /** @param {{ routes: import("../router.js").Route[], home: () => string, auth: import("../auth.js").Auth }} spec */
  constructor({ routes, home, auth }) {
    this.header = /** @type {HTMLElement} */ (document.getElementById("header"));
    this.main = /** @type {HTMLElement} */ (document.getElementById("main"));
    this.routes = routes;
    this.home = home;
    this.auth = auth;
    this.#shown = false;
  }

  #shown;

  /** Put a page on screen. From the second page on, focus goes to its heading, as after a page load. */
  show(/** @type {import("../router.js").View} */ view, /** @type {string | null} */ path) {
    this.#drawHeader(path);
    fill(this.main, view.node);
    document.title = `${view.title} – 학원 데스크`;
    window.scrollTo(0, 0);
    if (this.#shown) this.main.querySelector("h1")?.focus({ preventScroll: true });
    this.#shown = true;
  }

  #drawHeader(/** @type {string | null} */ path) {
    this.header.hidden = path === null;
    if (path === null) return;
    const above = this.routes.find((route) => route.path === path)?.under;
    const links = this.routes.filter((route) => route.nav && (route.audience ?? "academy") === this.auth.audience && (!route.managers || this.auth.manages)).map((route) => h("a", {
      href: `#${route.path}`, "aria-current": route.path === path ? "page" : route.path === above ? "true" : null,
    }, route.nav));
    fill(this.header, h("div", { class: "header-inner" },
      h("a", { class: "brand", href: `#${this.home()}` }, "학원 데스크"),
      h("nav", { class: "menu", "aria-label": "주 메뉴" }, ...links),
      h("span", { class: "tenant" }, !this.auth.watches && h("span", { class: "visually-hidden" }, "학원 "), this.auth.claims.tenant_id ?? ""),
      h("button", { class: "button button-quiet", type: "button", onclick: () => this.auth.lose("left") }, "로그아웃")));
    this.header.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // the menu may be wider than the screen
  }
}
