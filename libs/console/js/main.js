/** Composition root: what there is, and how it is put together. A new page is one line in ROUTES. */
import { Api } from "./api.js";
import { Auth, adoptLink } from "./auth.js";
import { certificatePage } from "./pages/certificate.js";
import { duplicatesPage } from "./pages/duplicates.js";
import { erasuresPage } from "./pages/erasures.js";
import { importPage, studentsImportPage } from "./pages/import.js";
import { jobPage } from "./pages/job.js";
import { mergesPage } from "./pages/merges.js";
import { registrationsPage } from "./pages/registrations.js";
import { signInPage } from "./pages/signin.js";
import { editStudentPage } from "./pages/student-edit.js";
import { newStudentPage } from "./pages/student-new.js";
import { studentPage } from "./pages/student.js";
import { studentsPage } from "./pages/students.js";
import { trashPage } from "./pages/trash.js";
import { RosterClient } from "./roster/client.js";
import { Recent } from "./roster/recent.js";
import { Router } from "./router.js";
import { StudentsClient } from "./students/client.js";
import { Shell } from "./ui/shell.js";

/**
 * What every page is given.
 * @typedef {{ auth: Auth, api: Api, router: Router, roster: RosterClient, students: StudentsClient, recent: Recent,
 *             sent: { jobId: string, draft: import("./roster/client.js").Draft } | null }} App
 *           `sent`: the last upload with its file, so that a preview can be applied; gone on reload
 */

/** @type {import("./router.js").Route[]} */
const ROUTES = [
  { path: "/import", page: importPage, nav: "명단 등록" },
  { path: "/jobs/:id", page: jobPage, under: "/import" },
  { path: "/students", page: studentsPage, nav: "학생" },
  { path: "/students/new", page: newStudentPage, under: "/students" },
  { path: "/students/excel", page: studentsImportPage, under: "/students" },
  { path: "/students/:id", page: studentPage, under: "/students" },
  { path: "/students/:id/edit", page: editStudentPage, under: "/students" },
  { path: "/registrations", page: registrationsPage, nav: "가입 신청" },
  { path: "/merges", page: mergesPage, nav: "같은 학생 확인" },
  { path: "/trash", page: trashPage, nav: "삭제된 학생" },
  { path: "/trash/duplicates", page: duplicatesPage, under: "/trash" },
  { path: "/erasures", page: erasuresPage, under: "/trash" },
  { path: "/erasures/:id", page: certificatePage, under: "/trash" },
];

function start() {
  const auth = new Auth();
  const api = new Api(auth);
  const shell = new Shell({ routes: ROUTES, auth });
  const router = new Router(ROUTES, (view, path) => shell.show(view, path));
  /** @type {App} */
  const app = { auth, api, router, roster: new RosterClient(api), students: new StudentsClient(api), recent: new Recent(auth), sent: null };
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
