import { day, when } from "../format.js";
import { pairCard } from "../students/pair.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { feed } from "../ui/feed.js";
import { Listing } from "../ui/listing.js";
import { pageOf } from "../ui/page.js";
import { badge } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {{ id: string, winner: { id: string, name: string }, loser: { id: string, name: string }, merged_by: string,
 *             merged_at: string, undo_until: string, undone_at: string | null }} Merge */

const COLUMNS = [
  { key: "name", label: "남은 학생" }, { key: "name-other", label: "합친 학생" }, { key: "day", label: "합친 때" }, { key: "who", label: "한 사람" }, { key: "undo", label: "되돌리기" },
];

/** `#/merges`: students who may be one person, and those who were merged. */
export function mergesPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const pairs = feed({
    signal, empty: "같은 사람으로 보이는 학생이 없습니다.",
    read: (cursor) => app.students.page("maybe_same/", { cursor, page_size: 20 }, signal),
    draw: (pair) => pairCard({ pair, app, signal, decided: (merged) => after(merged) }),
  });
  const merges = new Listing({
    caption: "합친 기록", unit: "건", signal, columns: COLUMNS, empty: () => "아직 합친 학생이 없습니다.",
    read: (cursor, run) => app.students.page("merges/", { cursor, page_size: 20 }, run), cells: (merge) => cells(merge, () => undo(merge)),
  });
  const after = (/** @type {boolean} */ merged) => {
    if (merged) {
      pairs.reload(); // the merged student may stand in other pairs
      merges.reload();
    } else pairs.tidy();
    /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
  };
  const undo = async (/** @type {Merge} */ merge) => {
    const done = await ask({
      title: "합친 것을 되돌릴까요?", action: "되돌리기", signal,
      body: [h("p", {}, `${merge.loser.name} 학생이 다시 나뉘고, 옮겨졌던 수강과 기록도 돌아갑니다.`)],
      run: async () => (await app.students.send(`merges/${encodeURIComponent(merge.id)}/undo/`), true),
    });
    if (!done) return;
    toast(`${merge.loser.name} 학생을 되돌렸습니다.`, { href: `#/students/${merge.loser.id}`, label: "열기" });
    pairs.reload();
    merges.reload();
  };
  pairs.reload();
  merges.reload();
  return pageOf({ title: "같은 학생 확인", lead: "두 번 등록된 것 같은 학생을 나란히 놓고 봅니다. 합칠지는 사람이 정합니다." },
    pairs.node, h("section", { class: "card", "aria-labelledby": "merged-title" },
      h("h2", { id: "merged-title", class: "card-title" }, "합친 기록"), merges.node));
}

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Merge} */ merge, /** @type {() => void} */ undo) {
  return [
    [h("a", { class: "row-link", href: `#/students/${merge.winner.id}` }, merge.winner.name)], [merge.loser.name], [when(merge.merged_at)], [merge.merged_by],
    [merge.undone_at ? badge("calm", `${day(merge.undone_at)} 되돌림`) : Date.parse(merge.undo_until) < Date.now() ? h("span", { class: "blank" }, "기간이 지남")
      : h("span", { class: "undo" }, h("button", { class: "button button-small", type: "button", onclick: undo, "aria-label": `${merge.loser.name} 되돌리기` }, "되돌리기"),
        h("span", { class: "hint" }, `${day(merge.undo_until)}까지`))],
  ];
}
