import { instant, number, when } from "../format.js";
import { HOLD_KINDS } from "../labels.js";
import { isCode } from "../operations/client.js";
import { mono } from "../operations/words.js";
import { askHold } from "../storage/hold-form.js";
import { storageView } from "../storage/tabs.js";
import { bucketWord } from "../storage/words.js";
import { chips } from "../ui/chips.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { Listing } from "../ui/listing.js";
import { notice } from "../ui/notice.js";
import { reasonField } from "../ui/reason.js";
import { badge } from "../ui/table.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../storage/client.js").Hold} Hold */

/** `#/storage/holds?state=all`: what stays whatever the policy says. */
export function storageHoldsPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  let state = query.get("state") === "all" ? "all" : "active";
  const told = h("div");
  const listing = new Listing({
    caption: "보존", unit: "건", signal, columns: COLUMNS, cells: (hold) => cells(hold, app.auth.operates ? () => end(hold) : null),
    read: (cursor, run) => app.storage.page("holds/", { state, cursor }, run), empty: () => (state === "active" ? "걸려 있는 보존이 없습니다." : "보존을 건 적이 없습니다."),
  });
  const filter = chips({
    label: "보존 거르기", items: [{ value: "active", label: "걸려 있는 것" }, { value: "all", label: "모두" }], onPick: (value) => {
      state = value;
      app.router.keep(value === "all" ? { state: value } : {});
      listing.reload();
    },
  });
  const place = async () => {
    const made = await askHold({ app, signal });
    if (!made) return;
    fill(told, made.in_flight > 0 && notice("warn", `보존을 걸었지만, 그때 이미 지우고 있던 ${number(made.in_flight)}개에는 늦었습니다.`, h("p", {}, "무엇이 지워졌는지는 삭제 대장에 있습니다.")));
    toast("보존을 걸었습니다.");
    listing.reload();
  };
  const end = async (/** @type {Hold} */ hold) => {
    const reason = reasonField({ label: "끝내는 이유" });
    const run = async () => ended(app.storage.endHold(hold.id, reason.read()));
    const body = [h("p", {}, `${holdName(hold)}에 정책이 다시 적용됩니다. 기간이 지난 것은 다음 계획에서 지워집니다.`), reason.node];
    if (!(await ask({ title: "보존을 끝낼까요?", action: "보존 끝내기", bad: true, signal, body, run }))) return;
    toast("보존을 끝냈습니다.");
    listing.reload();
  };
  /** One that another has ended meanwhile is shown so. */
  const ended = async (/** @type {Promise<Hold>} */ answer) => {
    try {
      return await answer;
    } catch (error) {
      if (isCode(error, "hold_ended")) listing.reload();
      throw error;
    }
  };
  filter.select(state);
  listing.reload();
  return storageView({ title: "보존", lead: "정책이 무엇이라고 하든 기한까지 지우지 않는 것입니다. 분쟁이나 문의가 있는 동안 겁니다.", at: "/storage/holds",
    actions: app.auth.operates ? [h("button", { class: "button button-main", type: "button", onclick: place }, "보존 걸기")] : [] },
  told, h("section", { class: "card list-card", "aria-label": "보존" }, h("div", { class: "list-head" }, filter.node), listing.node));
}

const COLUMNS = [
  { key: "name", label: "무엇을" }, { key: "keys", label: "대상" }, { key: "what", label: "사유" }, { key: "state", label: "상태" }, { key: "who", label: "건 사람" }, { key: "act", label: "" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Hold} */ hold, /** @type {(() => void) | null} */ end) {
  const active = !hold.ended_at && Date.parse(hold.expires_at) > Date.now();
  return [
    [h("div", { class: "two-lines" }, HOLD_KINDS[hold.kind] ?? hold.kind, h("span", { class: "hint" }, hold.tenant_id))],
    [h("div", { class: "two-lines" }, h("span", { class: "key key-cut mono", title: hold.value }, hold.value), hold.bucket && h("span", { class: "hint" }, bucketWord(hold.bucket)))],
    [hold.reason], [standing(hold, active)], [h("div", { class: "two-lines" }, mono(hold.created_by), h("span", { class: "hint" }, when(hold.created_at)))],
    [active && end && h("button", { class: "button button-small", type: "button", "aria-label": `${holdName(hold)} 보존 끝내기`, onclick: end }, "끝내기")],
  ];
}

function standing(/** @type {Hold} */ hold, /** @type {boolean} */ active) {
  if (active) return h("div", { class: "two-lines" }, h("span", {}, badge("good", "보존 중")), h("span", { class: "hint" }, `${instant(hold.expires_at)}까지`));
  if (!hold.ended_at) return h("div", { class: "two-lines" }, h("span", {}, badge("calm", "기한 지남")), h("span", { class: "hint" }, instant(hold.expires_at)));
  return h("div", { class: "two-lines" }, h("span", {}, badge("calm", "끝냄")), h("span", { class: "hint" }, `${when(hold.ended_at)} ${hold.ended_by}: ${hold.end_reason}`));
}

/** @returns {string} */
function holdName(/** @type {Hold} */ hold) {
  return `${HOLD_KINDS[hold.kind] ?? hold.kind} ${hold.value}`;
}
