/** Composition root: what there is, and how it is put together. A new page is one line in ROUTES. */
import { Api } from "./api.js";
import { Auth, adoptLink } from "./auth.js";
import { importPage } from "./pages/import.js";
import { jobPage } from "./pages/job.js";
import { signInPage } from "./pages/signin.js";
import { RosterClient } from "./roster/client.js";
import { Recent } from "./roster/recent.js";
import { Router } from "./router.js";
import { Shell } from "./ui/shell.js";

/**
 * What every page is given.
 * @typedef {{ auth: Auth, api: Api, router: Router, roster: RosterClient, recent: Recent,
 *             sent: { jobId: string, draft: import("./roster/client.js").Draft } | null }} App
 *           `sent`: the last upload with its file, so that a preview can be applied; gone on reload
 */

/** @type {import("./router.js").Route[]} */
const ROUTES = [
  { path: "/import", page: importPage, nav: "명단 등록" },
  { path: "/jobs/:id", page: jobPage },
];

function start() {
  const auth = new Auth();
  const api = new Api(auth);
  const shell = new Shell({ routes: ROUTES, auth });
  const router = new Router(ROUTES, (view, path) => shell.show(view, path));
  /** @type {App} */
  const app = { auth, api, router, roster: new RosterClient(api), recent: new Recent(auth), sent: null };
  router.app = app;

  const signIn = () => {
    app.sent = null;
    router.leave();
    shell.show(signInPage(auth.reason), null);
  };
  const open = () => (auth.token ? router.open() : signIn());
  auth.addEventListener("lost", signIn);
  window.addEventListener("hashchange", () => {
    adoptLink(); // a sign-in link opened in a tab that already shows the console only changes the fragment
    open();
  });
  keepSkipLink();
  open();
}

/** The skip link's fragment would be taken for a page. */
function keepSkipLink() {
  document.querySelector(".skip-link")?.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main")?.focus();
  });
}

start();
