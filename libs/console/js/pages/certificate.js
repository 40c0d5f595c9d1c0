import { instant, number } from "../format.js";
import { ERASURE_REASONS, HOLDINGS } from "../labels.js";
import { serviceName } from "../students/holdings.js";
import { fill, h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { load, pageOf } from "../ui/page.js";
import { badge, orDash } from "../ui/table.js";

/** @typedef {{ service: string, received_at: string | null, counts: Record<string, number> }} Receipt
 *  @typedef {{ academy: string, student_id: string, pseudonym: string, reason: string, requested_by: string, deleted_at: string,
 *             requested_at: string, completed_at: string | null, complete: boolean, receipts: Receipt[], digest: string }} Certificate */

const WAIT_MS = [1000, 2000, 4000, 8000, 15_000];

/** `#/erasures/:id`: what was erased of one person, for the file or the printer. */
export function certificatePage(/** @type {import("../router.js").Context} */ { app, params, signal }) {
  const box = h("div");
  let asked = 0;
  const read = () => load({
    box, signal, gone: "이 학생의 파기 기록이 없습니다.", read: () => app.students.certificate(params.id, signal), show: (found) => show(found),
  });
  const show = (/** @type {Certificate} */ certificate) => {
    fill(box, paper(certificate));
    if (certificate.complete) return;
    const timer = setTimeout(read, WAIT_MS[Math.min(asked, WAIT_MS.length - 1)]); // receipts come within seconds
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    asked += 1;
  };
  read();
  const print = h("button", { class: "button button-main", type: "button", onclick: () => window.print() }, icon("print"), "인쇄");
  return pageOf({ title: "파기 확인서", crumb: { href: "#/erasures", label: "파기 확인서 목록" }, actions: [print] }, box);
}

function paper(/** @type {Certificate} */ it) {
  const facts = [
    ["학원", it.academy], ["학생 번호", h("span", { class: "mono" }, it.student_id)], ["가명", h("span", { class: "mono" }, it.pseudonym)],
    ["사유", ERASURE_REASONS[it.reason] ?? it.reason], ["요청한 사람", it.requested_by], ["삭제한 때", instant(it.deleted_at)],
    ["파기를 시작한 때", instant(it.requested_at)], ["파기를 마친 때", it.completed_at ? instant(it.completed_at) : "아직 마치지 않았습니다"],
  ];
  return h("article", { class: "card certificate", "aria-label": "파기 확인서" },
    h("header", { class: "card-head" }, h("h2", { class: "certificate-title" }, "개인정보 파기 확인서"),
      it.complete ? badge("good", "파기 완료") : badge("warn", "파기 진행 중")),
    h("p", { class: "lead" }, it.complete ? "아래 학생의 개인정보를 모든 서비스에서 파기했음을 확인합니다."
      : "아래 학생의 개인정보를 파기하고 있습니다. 모든 서비스가 답하면 이 문서가 완성됩니다."),
    h("dl", { class: "fact-list certificate-facts" }, ...facts.map(([label, value]) => h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, orDash(value))))),
    h("h3", { class: "certificate-part" }, "서비스별 파기 결과"), receipts(it.receipts),
    h("dl", { class: "certificate-digest" }, h("dt", {}, "문서 확인 값 (SHA-256)"), h("dd", { class: "mono" }, it.digest)));
}

function receipts(/** @type {Receipt[]} */ rows) {
  const line = (/** @type {Receipt} */ row) => h("tr", {}, h("th", { scope: "row" }, serviceName(row.service)),
    h("td", {}, row.received_at ? erased(row.counts) : badge("warn", "기다리는 중")), h("td", {}, orDash(instant(row.received_at))));
  return h("table", { class: "receipts" }, h("caption", { class: "visually-hidden" }, "서비스별 파기 결과"),
    h("thead", {}, h("tr", {}, ...["서비스", "파기한 기록", "마친 때"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, ...rows.map(line)));
}

function erased(/** @type {Record<string, number>} */ counts) {
  const kinds = Object.entries(counts).filter(([, count]) => count > 0);
  if (!kinds.length) return "가지고 있던 기록 없음";
  return h("ul", { class: "kinds" }, ...kinds.map(([kind, count]) => h("li", {}, `${HOLDINGS[kind] ?? kind} ${number(count)}`)));
}
