import { day } from "../format.js";
import { ALIKE } from "../labels.js";
import { ask } from "../ui/dialog.js";
import { fill, h, uid } from "../ui/dom.js";
import { workButton } from "../ui/page.js";
import { badge, orDash } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { FACTS } from "./words.js";

/** @typedef {import("./client.js").Student} Student @typedef {{ left: Student, right: Student, reasons: string[] }} Pair */

const LINES = /** @type {typeof FACTS} */ ([...FACTS.slice(1), ["태그", (s) => s.tags.map((/** @type {{ name: string }} */ tag) => tag.name).join(", ")], ["등록일", (s) => day(s.created_at)]]);

/**
 * Two students side by side, to decide whether they are one.
 * @param {{ pair: Pair, app: import("../main.js").App, signal: AbortSignal, decided: (merged: boolean) => void }} spec
 *        `decided` is told after the pair's own list entry is gone
 */
export function pairCard({ pair, app, signal, decided }) {
  const { left, right, reasons } = pair;
  const group = uid("pair");
  const trouble = h("div");
  const stays = (/** @type {Student} */ student, /** @type {boolean} */ on) => h("input", { type: "radio", class: "check", name: group, value: student.id, checked: on });
  const choices = [stays(left, true), stays(right, false)];
  const gone = (/** @type {boolean} */ merged) => {
    node.closest("li")?.remove();
    decided(merged);
  };
  const merge = async () => {
    const [winner, loser] = choices[0].checked ? [left, right] : [right, left];
    if (!(await askMerge({ winner, loser, app, signal }))) return;
    toast(`${loser.name} 학생을 ${winner.name} 학생에 합쳤습니다. 30일 안에는 되돌릴 수 있습니다.`);
    gone(true);
  };
  const apart = async () => {
    await app.students.send("maybe_same/apart/", { left_id: left.id, right_id: right.id });
    toast(`${left.name} 학생과 ${right.name} 학생은 다른 사람으로 기억합니다.`);
    gone(false);
  };
  const node = h("article", { class: "card pair", "aria-label": `${left.name}, ${right.name}` },
    h("p", { class: "facts" }, ...reasons.map((reason) => badge("info", ALIKE[reason] ?? reason))),
    compare(left, right, choices), trouble,
    h("div", { class: "actions" }, h("button", { class: "button button-main", type: "button", onclick: merge }, "합치기"),
      workButton("다른 사람입니다", { trouble, run: apart })));
  return node;
}

/** @param {Student} left @param {Student} right @param {HTMLInputElement[]} choices */
function compare(left, right, choices) {
  const head = (/** @type {Student} */ student, /** @type {HTMLInputElement} */ choice) => h("th", { scope: "col" },
    h("a", { class: "row-link", href: `#/students/${student.id}` }, student.name),
    h("label", { class: "check-line" }, choice, h("span", {}, "이 학생을 남김")));
  const body = h("tbody");
  for (const [label, read] of LINES) {
    const [a, b] = [read(left) ?? "", read(right) ?? ""];
    if (!a && !b) continue;
    const differs = a !== b;
    body.append(h("tr", { class: differs ? "differs" : "" },
      h("th", { scope: "row" }, label, differs && h("span", { class: "visually-hidden" }, " 다름")), h("td", {}, orDash(a)), h("td", {}, orDash(b))));
  }
  const table = h("table", { class: "compare" });
  const named = left.name !== right.name;
  fill(table, h("caption", { class: "visually-hidden" }, "두 학생 비교"),
    h("thead", {}, h("tr", { class: named ? "differs" : "" }, h("td", {}), head(left, choices[0]), head(right, choices[1]))), body);
  return table;
}

/** @param {{ winner: Student, loser: Student, app: import("../main.js").App, signal: AbortSignal }} spec */
function askMerge({ winner, loser, app, signal }) {
  const what = (/** @type {Student} */ s) => [s.name, s.login_id].filter(Boolean).join(" · ");
  return ask({
    title: "두 학생을 합칠까요?", action: "합치기", signal,
    body: [h("dl", { class: "fact-list fact-list-narrow" },
      h("div", { class: "fact" }, h("dt", {}, "남는 학생"), h("dd", {}, what(winner))),
      h("div", { class: "fact" }, h("dt", {}, "합쳐질 학생"), h("dd", {}, what(loser)))),
    h("p", {}, "수강과 기록이 남는 학생에게 옮겨지고, 비어 있는 칸은 합쳐질 학생의 값으로 채웁니다. 합쳐질 학생은 로그인할 수 없게 됩니다."),
    h("p", { class: "hint" }, "30일 안에는 되돌릴 수 있습니다.")],
    run: () => app.students.send("merge/", { winner_id: winner.id, loser_id: loser.id }),
  });
}
