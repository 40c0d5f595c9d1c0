/** Composition root: what there is, and how it is put together. A new page is one line in ACADEMY, OPERATIONS or LEARNER. */
import { Api } from "./api.js";
import { Auth, adoptLink } from "./auth.js";
import { ExportsClient } from "./exports/client.js";
import { LecturesClient } from "./lectures/client.js";
import { MediaClient } from "./media/client.js";
import { Uploads } from "./media/upload/uploads.js";
import { MessagingClient } from "./messaging/client.js";
import { OperationsClient } from "./operations/client.js";
import { causesPage } from "./pages/causes.js";
import { certificatePage } from "./pages/certificate.js";
import { duplicatesPage } from "./pages/duplicates.js";
import { erasuresPage } from "./pages/erasures.js";
import { exportsPage } from "./pages/exports.js";
import { flowPage } from "./pages/flow.js";
import { importPage, studentsImportPage } from "./pages/import.js";
import { importsPage } from "./pages/imports.js";
import { jobPage } from "./pages/job.js";
import { lectureAttendancePage } from "./pages/lecture-attendance.js";
import { lectureRosterPage } from "./pages/lecture-roster.js";
import { lecturePage } from "./pages/lecture.js";
import { lecturesPage } from "./pages/lectures.js";
import { letterPage } from "./pages/letter.js";
import { lettersPage } from "./pages/letters.js";
import { mergesPage } from "./pages/merges.js";
import { messageAmbiguousPage } from "./pages/message-ambiguous.js";
import { messageBatchPage } from "./pages/message-batch.js";
import { messageBatchesPage } from "./pages/message-batches.js";
import { messageConsentPage } from "./pages/message-consent.js";
import { messageLogPage } from "./pages/message-log.js";
import { messageRequestsPage } from "./pages/message-requests.js";
import { messageSettingsPage } from "./pages/message-settings.js";
import { messageTemplatePage, newMessageTemplatePage } from "./pages/message-template.js";
import { messageTemplatesPage } from "./pages/message-templates.js";
import { messageTriggersPage } from "./pages/message-triggers.js";
import { messagesPage } from "./pages/messages.js";
import { myStoragePage } from "./pages/my-storage.js";
import { operatorAuditPage } from "./pages/operator-audit.js";
import { overviewPage } from "./pages/overview.js";
import { readinessPage } from "./pages/readiness.js";
import { registrationsPage } from "./pages/registrations.js";
import { replayPage } from "./pages/replay.js";
import { newReplayPage } from "./pages/replay-new.js";
import { replaysPage } from "./pages/replays.js";
import { signInPage } from "./pages/signin.js";
import { storageBacktestPage } from "./pages/storage-backtest.js";
import { storageBucketsPage } from "./pages/storage-buckets.js";
import { storageHoldsPage } from "./pages/storage-holds.js";
import { storageLedgerPage } from "./pages/storage-ledger.js";
import { storageOrphansPage } from "./pages/storage-orphans.js";
import { storagePlanPage } from "./pages/storage-plan.js";
import { storagePlansPage } from "./pages/storage-plans.js";
import { storagePolicyPage } from "./pages/storage-policy.js";
import { storageQuarantinePage } from "./pages/storage-quarantine.js";
import { storagePage } from "./pages/storage.js";
import { editStudentPage } from "./pages/student-edit.js";
import { newStudentPage } from "./pages/student-new.js";
import { studentPage } from "./pages/student.js";
import { studentsPage } from "./pages/students.js";
import { tasksPage } from "./pages/tasks.js";
import { trashPage } from "./pages/trash.js";
import { videoPage } from "./pages/video.js";
import { videoUploadPage } from "./pages/video-upload.js";
import { videosPage } from "./pages/videos.js";
import { watchPage } from "./pages/watch.js";
import { watchVideoPage } from "./pages/watch-video.js";
import { RosterClient } from "./roster/client.js";
import { Recent } from "./roster/recent.js";
import { Router } from "./router.js";
import { StorageClient } from "./storage/client.js";
import { StudentsClient } from "./students/client.js";
import { Shell } from "./ui/shell.js";

/**
 * What every page is given.
 * @typedef {{ auth: Auth, api: Api, router: Router, roster: RosterClient, lectures: LecturesClient, exports: ExportsClient,
 *             students: StudentsClient, operations: OperationsClient,
 *             media: MediaClient, uploads: Uploads, messaging: MessagingClient, storage: StorageClient,
 *             recent: Recent, sent: { jobId: string, draft: import("./roster/client.js").Draft } | null }} App
 *           `sent`: the last upload with its file, so that it can be sent once more; gone on reload
 */

/** @type {import("./router.js").Route[]} */
const ACADEMY = [
  { path: "/import", page: importPage, nav: "명단 등록" },
  { path: "/imports", page: importsPage, under: "/import" },
  { path: "/jobs/:id", page: jobPage, under: "/import" },
  { path: "/lectures", page: lecturesPage, nav: "강의" },
  { path: "/lectures/:id", page: lecturePage, under: "/lectures" },
  { path: "/lectures/:id/roster", page: lectureRosterPage, under: "/lectures" },
  { path: "/lectures/:id/attendance", page: lectureAttendancePage, under: "/lectures" },
  { path: "/exports", page: exportsPage, under: "/lectures" },
  { path: "/students", page: studentsPage, nav: "학생" },
  { path: "/students/new", page: newStudentPage, under: "/students" },
  { path: "/students/excel", page: studentsImportPage, under: "/students" },
  { path: "/students/:id", page: studentPage, under: "/students" },
  { path: "/students/:id/edit", page: editStudentPage, under: "/students" },
  { path: "/videos", page: videosPage, nav: "강의 영상" },
  { path: "/videos/upload", page: videoUploadPage, under: "/videos" },
  { path: "/videos/:id", page: videoPage, under: "/videos" },
  { path: "/registrations", page: registrationsPage, nav: "가입 신청" },
  { path: "/messages", page: messagesPage, nav: "메시지" },
  { path: "/messages/batches", page: messageBatchesPage, under: "/messages" },
  { path: "/messages/batches/:id", page: messageBatchPage, under: "/messages" },
  { path: "/messages/log", page: messageLogPage, under: "/messages" },
  { path: "/messages/ambiguous", page: messageAmbiguousPage, under: "/messages" },
  { path: "/messages/templates", page: messageTemplatesPage, under: "/messages" },
  { path: "/messages/templates/new", page: newMessageTemplatePage, under: "/messages" },
  { path: "/messages/templates/:id", page: messageTemplatePage, under: "/messages" },
  { path: "/messages/triggers", page: messageTriggersPage, under: "/messages" },
  { path: "/messages/requests", page: messageRequestsPage, under: "/messages" },
  { path: "/messages/consent", page: messageConsentPage, under: "/messages" },
  { path: "/messages/settings", page: messageSettingsPage, under: "/messages" },
  { path: "/merges", page: mergesPage, nav: "같은 학생 확인" },
  { path: "/trash", page: trashPage, nav: "삭제된 학생" },
  { path: "/trash/duplicates", page: duplicatesPage, under: "/trash" },
  { path: "/erasures", page: erasuresPage, under: "/trash" },
  { path: "/erasures/:id", page: certificatePage, under: "/trash" },
  { path: "/my-storage", page: myStoragePage, nav: "내 저장 공간", managers: true },
];
const OPERATIONS = [
  { path: "/operations", page: overviewPage, nav: "운영 현황" },
  { path: "/operations/letters", page: causesPage, nav: "실패한 메시지" },
  { path: "/operations/letters/:service", page: lettersPage, under: "/operations/letters" },
  { path: "/operations/letters/:service/:id", page: letterPage, under: "/operations/letters" },
  { path: "/operations/replays", page: replaysPage, nav: "재처리" },
  { path: "/operations/replays/new", page: newReplayPage, under: "/operations/replays" },
  { path: "/operations/replays/:service/:id", page: replayPage, under: "/operations/replays" },
  { path: "/operations/flow", page: flowPage, nav: "흐름" },
  { path: "/operations/tasks", page: tasksPage, nav: "정기 작업" },
  { path: "/operations/readiness", page: readinessPage, nav: "준비 상태" },
  { path: "/operations/audit", page: operatorAuditPage, nav: "운영 기록" },
  { path: "/storage", page: storagePage, nav: "저장소" },
  { path: "/storage/policy", page: storagePolicyPage, under: "/storage" },
  { path: "/storage/policy/backtest", page: storageBacktestPage, under: "/storage" },
  { path: "/storage/plans", page: storagePlansPage, under: "/storage" },
  { path: "/storage/plans/:id", page: storagePlanPage, under: "/storage" },
  { path: "/storage/ledger", page: storageLedgerPage, under: "/storage" },
  { path: "/storage/holds", page: storageHoldsPage, under: "/storage" },
  { path: "/storage/orphans", page: storageOrphansPage, under: "/storage" },
  { path: "/storage/quarantine", page: storageQuarantinePage, under: "/storage" },
  { path: "/storage/buckets", page: storageBucketsPage, under: "/storage" },
];
const LEARNER = [
  { path: "/watch", page: watchPage, nav: "내 강의 영상" },
  { path: "/watch/:id", page: watchVideoPage, under: "/watch" },
];
const HOMES = { academy: ACADEMY, operations: OPERATIONS, learner: LEARNER };
/** @type {import("./router.js").Route[]} */
const ROUTES = Object.entries(HOMES).flatMap(([audience, routes]) =>
  routes.map((route) => ({ ...route, audience: /** @type {import("./router.js").Audience} */ (audience) })));

function start() {
  const auth = new Auth();
  const api = new Api(auth);
  const home = () => HOMES[auth.audience][0].path;
  const shell = new Shell({ routes: ROUTES, home, auth });
  const media = new MediaClient(api);
  const router = new Router({ routes: ROUTES, home, show: (view, path) => shell.show(view, path) });
  /** @type {App} */
  const app = {
    auth, api, router, roster: new RosterClient(api), lectures: new LecturesClient(api), exports: new ExportsClient(api),
    students: new StudentsClient(api), operations: new OperationsClient(api),
    media, uploads: new Uploads(media), messaging: new MessagingClient(api), storage: new StorageClient(api),
    recent: new Recent(auth), sent: null,
  };
  router.app = app;

  const signIn = () => {
    app.sent = null;
    app.uploads.stop(auth.reason);
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
