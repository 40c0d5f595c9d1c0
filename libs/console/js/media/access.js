import { percent } from "../format.js";
import { ACCESS_MODES, WATCH_REFUSALS } from "../labels.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { field } from "../ui/field.js";
import { load } from "../ui/page.js";
import { badge, dataTable } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { SPEEDS } from "./policy-fields.js";

/** @typedef {import("./client.js").Access} Access @typedef {import("./client.js").Override} Override */

const COLUMNS = [
  { key: "name", label: "학생" }, { key: "mode", label: "시청 방식" }, { key: "own", label: "따로 정한 것" }, { key: "share", label: "진도" }, { key: "act", label: "" },
];

/**
 * How each student of the lecture may watch, and what was set for one of them alone.
 * @param {{ video: import("./client.js").Video, app: import("../main.js").App, signal: AbortSignal, names: () => Promise<Map<string, string>> }} spec
 */
export function accessCard({ video, app, signal, names }) {
  const box = h("div");
  const read = async () => {
    const [rows, known] = await Promise.all([app.media.access(video.id, signal), names()]);
    return rows.map((row) => ({ row, name: nameOf(known, row.enrollment_id) })).sort((a, b) => a.name.localeCompare(b.name, "ko"));
  };
  const refresh = () => load({ box, read, show, signal, gone: "영상을 찾을 수 없습니다." });
  const show = (/** @type {{ row: Access, name: string }[]} */ students) => {
    if (students.length === 0) return fill(box, h("p", { class: "listing-empty" }, "이 강의를 듣는 학생이 없습니다."));
    const table = dataTable("학생별 시청 방식", COLUMNS, "listing");
    for (const { row, name } of students) table.add(cells(row, name, async () => {
      if (await askAccess({ row, name, video, app, signal })) refresh();
    }));
    fill(box, table.node);
  };
  refresh();
  return h("section", { class: "card", "aria-labelledby": "access-title" }, h("h2", { id: "access-title", class: "card-title" }, "학생별 시청 방식"),
    h("p", { class: "hint" }, "출석이 ‘온라인’인 학생에게는 출석 수업, 나머지 학생에게는 자유 복습으로 열립니다. 한 명씩 다르게 정할 수도 있습니다."), box);
}

/** @returns {string} */
export function nameOf(/** @type {Map<string, string>} */ names, /** @type {string} */ enrollment) {
  return names.get(enrollment) ?? "이름을 알 수 없음";
}

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Access} */ row, /** @type {string} */ name, /** @type {() => void} */ change) {
  return [
    [h("span", { class: "request-name" }, name)],
    [modeBadge(row)],
    [overrideLine(row.override)],
    [percent(row.progress), row.completed_at && badge("good", "다 봄")],
    [h("button", { class: "button button-small", type: "button", "aria-label": `${name} 시청 방식 바꾸기`, onclick: change }, "바꾸기")],
  ];
}

function modeBadge(/** @type {Access} */ { access_mode: mode, reason }) {
  if (mode && ACCESS_MODES[mode]) return badge(ACCESS_MODES[mode].tone, ACCESS_MODES[mode].label);
  if (reason === "blocked") return badge("bad", ACCESS_MODES.BLOCKED.label);
  return h("span", { class: "hint" }, WATCH_REFUSALS[reason ?? ""] ?? "볼 수 없음");
}

/** What was set for one student alone. @returns {string} */
function overrideLine(/** @type {Override | null} */ override) {
  if (!override) return "";
  const { mode, allow_skip: skip, max_speed: speed, show_watermark: mark } = override;
  return [
    mode && ACCESS_MODES[mode]?.label, skip !== null && (skip ? "건너뛰기 허용" : "건너뛰기 금지"),
    speed !== null && `${Number(speed)}배속까지`, mark !== null && (mark ? "워터마크 표시" : "워터마크 없음"),
  ].filter(Boolean).join(", ");
}

const EITHER = /** @type {[string, string][]} */ ([["true", "예"], ["false", "아니요"]]);

/** @param {{ row: Access, name: string, video: import("./client.js").Video, app: import("../main.js").App, signal: AbortSignal }} spec */
async function askAccess({ row, name, video, app, signal }) {
  const own = row.override ?? { mode: null, allow_skip: null, max_speed: null, show_watermark: null };
  const choice = (/** @type {string} */ label, /** @type {[string, string][]} */ options, /** @type {unknown} */ value) => {
    const control = h("select", { class: "input" }, h("option", { value: "" }, "따로 정하지 않음"), ...options.map(([code, text]) => h("option", { value: code }, text)));
    control.value = value === null ? "" : String(value);
    return { control, node: field({ label, control }).node };
  };
  const mode = choice("시청 방식", Object.entries(ACCESS_MODES).map(([code, { label }]) => [code, label]), own.mode);
  const skip = choice("건너뛰기 허용", EITHER, own.allow_skip);
  const speed = choice("최대 배속", SPEEDS.filter((each) => each >= 1).map((each) => [String(each), `${each}배속까지`]), own.max_speed === null ? null : Number(own.max_speed));
  const mark = choice("워터마크 표시", EITHER, own.show_watermark);
  const either = (/** @type {string} */ value) => (value ? value === "true" : null);
  const done = await ask({
    title: `${name} 학생의 시청 방식`, action: "저장", signal,
    body: [h("p", {}, "저장하면 이 학생이 보고 있던 영상은 닫히고, 다시 열 때 새 방식이 쓰입니다."), mode.node, skip.node, speed.node, mark.node],
    run: async () => {
      const override = {
        mode: mode.control.value || null, allow_skip: either(skip.control.value),
        max_speed: speed.control.value ? Number(speed.control.value) : null, show_watermark: either(mark.control.value),
      };
      const nothing = Object.values(override).every((value) => value === null);
      if (!nothing) await app.media.setAccess(video.id, row.enrollment_id, override);
      else if (row.override) await app.media.clearAccess(video.id, row.enrollment_id);
      return true;
    },
  });
  if (done) toast(`${name} 학생의 시청 방식을 저장했습니다.`);
  return done;
}
