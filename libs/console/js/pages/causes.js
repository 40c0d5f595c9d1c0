import { number, when } from "../format.js";
import { SERVICE_CODES } from "../labels.js";
import { fromEach } from "../operations/client.js";
import { LetterFilters } from "../operations/filters.js";
import { forecastBadge, links, mono, serviceCell, silentNotice } from "../operations/words.js";
import { fill, h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { pageOf } from "../ui/page.js";

/** `#/operations/letters?service=…&type=…`: open dead letters of all services by cause. */
export function causesPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const silent = h("div");
  const build = h("p", { class: "hint" });
  const filters = new LetterFilters({ query, signal });
  const listing = new Listing({
    caption: "실패한 메시지의 원인", unit: "가지 원인", signal, columns: COLUMNS, cells: (row) => cells(row, filters.values),
    read: async (_, run) => {
      const { service, ...filter } = filters.values;
      const found = await fromEach(service ? [service] : SERVICE_CODES, (each) => app.operations.get(each, "dead_letters/groups/", run, filter));
      fill(silent, silentNotice(found.silent));
      build.textContent = `‘이 빌드에서’는 지금 빌드(${[...new Set([...found.parts.values()].map((part) => part.build))].join(", ")})가 원인마다 한 건을 효과 없이 처리해 본 결과입니다.`;
      const rows = [...found.parts].flatMap(([each, part]) => part.results.map((/** @type {any} */ cause) => ({ ...cause, service: each, id: `${each} ${cause.fingerprint}` })));
      return { results: rows.sort((a, b) => b.count - a.count), next: null };
    },
    empty: () => (Object.keys(filters.values).length ? "맞는 메시지가 없습니다. 조건을 줄여 보세요." : "실패한 메시지가 없습니다."),
  });
  const replay = h("a", { class: "button" }, "이 조건으로 재처리");
  const reload = () => {
    app.router.keep(filters.values);
    replay.href = links.newReplay(filters.values);
    replay.hidden = !app.auth.operates || Object.keys(filters.values).every((name) => name === "service");
    listing.reload();
  };
  filters.addEventListener("change", reload);
  reload();
  const again = h("button", { class: "button", type: "button", onclick: reload }, "새로 고침");
  return pageOf({ title: "실패한 메시지", lead: "처리하지 못해 열려 있는 메시지를 원인별로 모았습니다.", actions: [replay, again] }, silent,
    h("section", { class: "card list-card", "aria-label": "실패한 메시지의 원인" }, filters.node, listing.node, build));
}

const COLUMNS = [
  { key: "name", label: "이벤트" }, { key: "service", label: "서비스" }, { key: "count", label: "건수" }, { key: "reason-code", label: "이유와 위치" },
  { key: "count", label: "학원 수" }, { key: "day", label: "마지막" }, { key: "print", label: "지문" }, { key: "state", label: "이 빌드에서" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {import("../operations/client.js").Cause & { service: string }} */ cause, /** @type {Record<string, string>} */ { service, ...filter }) {
  return [
    [h("a", { class: "row-link", href: links.letters(cause.service, { ...filter, fingerprint: cause.fingerprint }) }, cause.type)],
    [serviceCell(cause.service)],
    [number(cause.count)],
    [h("div", { class: "two-lines" }, mono(cause.reason), cause.place && h("span", { class: "hint" }, mono(cause.place)))],
    [number(cause.tenants)],
    [when(cause.last_seen)],
    [mono(cause.fingerprint)],
    [forecastBadge(cause.forecast)],
  ];
}
