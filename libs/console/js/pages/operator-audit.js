import { instant, number } from "../format.js";
import { DEEDS } from "../labels.js";
import { mergedListing } from "../operations/merged.js";
import { conditions, links, mono, serviceCell } from "../operations/words.js";
import { h } from "../ui/dom.js";
import { pageOf } from "../ui/page.js";
import { orDash } from "../ui/table.js";

/** @typedef {{ seq: number, at: string, actor: string, action: string, subject: string, detail: Record<string, any>, service: string }} Entry */

/** `#/operations/audit`: what operators did in all services, newest first. */
export function operatorAuditPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const { silent, listing } = mergedListing({
    caption: "운영 기록", unit: "건", signal, columns: COLUMNS, cells, empty: () => "아직 기록이 없습니다.",
    at: (entry) => entry.at, named: (entry) => ({ ...entry, id: `${entry.service} ${entry.seq}` }),
    read: (service, cursor, run) => app.operations.get(service, "audit/", run, { cursor, page_size: 50 }),
  });
  listing.reload();
  return pageOf({ title: "운영 기록", lead: "운영자가 한 일입니다. 아무도 고치거나 지울 수 없습니다." }, silent,
    h("section", { class: "card list-card", "aria-label": "운영 기록" }, listing.node));
}

const COLUMNS = [
  { key: "name", label: "한 일" }, { key: "service", label: "서비스" }, { key: "day", label: "때" }, { key: "who", label: "누가" },
  { key: "subject", label: "대상" }, { key: "filter", label: "자세히" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Entry} */ entry) {
  return [[DEEDS[entry.action] ?? entry.action], [serviceCell(entry.service)], [instant(entry.at)], [entry.actor], [subject(entry)], [orDash(detail(entry.detail))]];
}

/** What it was done to, where it is shown. */
function subject(/** @type {Entry} */ { action, subject: id, service }) {
  if (action.startsWith("replay_")) return h("a", { href: links.replay(service, id) }, "재처리 보기");
  if (action.startsWith("plan_")) return h("a", { href: `#/storage/plans/${encodeURIComponent(id)}` }, "계획 보기");
  if (action === "letter_edited") return h("a", { href: links.letter(service, id) }, "메시지 보기");
  return /^\d+ letters$/.test(id) ? `${number(parseInt(id, 10))}건` : mono(id);
}

const WORDS = /** @type {Record<string, string>} */ ({ note: "이유", fields: "항목", total: "건수", types: "이벤트", since: "부터", until: "까지" });

/** @returns {string} */
function detail(/** @type {Record<string, any>} */ { filter, ...rest }) {
  const said = Object.entries(rest).map(([name, value]) => `${WORDS[name] ?? name} ${name === "since" || name === "until" ? instant(value) : [value].flat().join(", ")}`);
  return [filter && conditions(filter), ...said].filter(Boolean).join(" · ");
}
