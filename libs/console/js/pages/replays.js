import { number, when } from "../format.js";
import { FORECASTS, REPLAY_OUTCOMES, REPLAY_STATES } from "../labels.js";
import { mergedListing } from "../operations/merged.js";
import { byForecast, byOutcome } from "../operations/replay-counts.js";
import { conditions, links, serviceCell } from "../operations/words.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { pageOf } from "../ui/page.js";
import { orDash, wordBadge } from "../ui/table.js";

/** @typedef {import("../operations/client.js").Replay} Replay */

/** `#/operations/replays`: what was tried and applied, in all services, newest first. */
export function replaysPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const { silent, listing } = mergedListing({
    caption: "재처리 목록", unit: "건", signal, columns: COLUMNS, cells, empty: () => "아직 재처리한 적이 없습니다.",
    at: (replay) => replay.created_at,
    read: (service, cursor, run) => app.operations.get(service, "replays/", run, { cursor, page_size: 30 }),
  });
  listing.reload();
  const create = app.auth.operates && h("a", { class: "button button-main", href: links.newReplay({}) }, icon("plus"), "새 재처리");
  return pageOf({
    title: "재처리", lead: "실패한 메시지를 골라 효과 없이 시험하고, 해결된 것만 조금씩 늘려 가며 적용합니다.", actions: [create],
  }, silent, h("section", { class: "card list-card", "aria-label": "재처리 목록" }, listing.node));
}

const COLUMNS = [
  { key: "name", label: "만든 때" }, { key: "service", label: "서비스" }, { key: "state", label: "상태" }, { key: "count", label: "건수" },
  { key: "result", label: "결과" }, { key: "who", label: "만든 사람" }, { key: "filter", label: "조건" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Replay & { service: string }} */ replay) {
  return [
    [h("a", { class: "row-link", href: links.replay(replay.service, replay.id) }, when(replay.created_at))],
    [serviceCell(replay.service)],
    [wordBadge(REPLAY_STATES, replay.state)],
    [number(replay.total)],
    [orDash(brief(replay))],
    [replay.created_by],
    [conditions(replay.filter)],
  ];
}

/** "처리 12, 다시 실패 1"; before anything was applied what the dry run says @returns {string} */
function brief(/** @type {Replay} */ replay) {
  const { waiting, ...applied } = byOutcome(replay);
  const [words, counts] = Object.values(applied).some(Boolean) ? [REPLAY_OUTCOMES, applied] : [FORECASTS, byForecast(replay)];
  return Object.entries(counts).filter(([, count]) => count).map(([code, count]) => `${words[code].label} ${number(count)}`).join(", ");
}
