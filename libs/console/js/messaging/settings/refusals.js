import { day } from "../../format.js";
import { OPT_OUT_SCOPES } from "../../labels.js";
import { Incomplete, ask } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { field } from "../../ui/field.js";
import { Listing } from "../../ui/listing.js";
import { reasonField } from "../../ui/reason.js";
import { select } from "../../ui/select.js";
import { toast } from "../../ui/toast.js";
import { masked } from "../words.js";

/** @typedef {{ app: import("../../main.js").App, signal: AbortSignal }} Around */

/** Numbers that nothing may reach. */
export function denylistCard(/** @type {Around} */ around) {
  return refusals({
    ...around, list: "denylist", title: "발송 금지 번호", lead: "어떤 메시지도 보내지 않습니다. 이미 예약된 것도 나가지 않습니다.", add: "번호 더하기", remove: "해제", empty: "발송을 금지한 번호가 없습니다.",
    columns: [{ key: "name", label: "번호" }, { key: "reason-code", label: "사유" }, { key: "day", label: "더한 날" }, { key: "act", label: "" }],
    cells: (/** @type {import("../client.js").Denial} */ row) => [[masked(row.recipient)], [row.reason], [`${day(row.created_at)} ${row.created_by}`]],
  });
}

/** Numbers that refused advertising, or everything. */
export function optOutsCard(/** @type {Around} */ around) {
  return refusals({
    ...around, list: "opt-outs", title: "수신 거부", lead: "080 수신거부는 밤마다 가져옵니다. 광고만 거부한 번호에도 정보는 나갑니다.", add: "수신 거부 기록", remove: "철회 기록", empty: "수신을 거부한 번호가 없습니다.", scoped: true,
    columns: [{ key: "name", label: "번호" }, { key: "what", label: "거부한 것" }, { key: "source", label: "알게 된 곳" }, { key: "day", label: "기록한 날" }, { key: "act", label: "" }],
    cells: (/** @type {import("../client.js").OptOut} */ row) => [[masked(row.recipient)], [OPT_OUT_SCOPES[row.scope] ?? row.scope], [row.source === "080" ? "080 수신거부" : "직원"], [day(row.created_at)]],
  });
}

/**
 * A list of masked numbers to which one is added, and from which one is taken, with a reason.
 * @param {Around & { list: import("../client.js").Refusals, title: string, lead: string, add: string, remove: string, empty: string, scoped?: boolean,
 *                    columns: import("../../ui/table.js").Column[], cells: (row: any) => import("../../ui/dom.js").Child[][] }} spec
 */
function refusals({ app, signal, list, title, lead, add, remove, empty, scoped = false, columns, cells }) {
  const listing = new Listing({
    caption: title, unit: "개", signal, columns, empty: () => empty,
    cells: (row) => [...cells(row), [h("button", { class: "button button-small", type: "button", "aria-label": `${row.recipient ?? "파기된 번호"} ${remove}`, onclick: () => take(row) }, remove)]],
    read: async (cursor, run) => {
      const page = await app.messaging.page(`${list}/`, { cursor }, run);
      return { ...page, results: page.results.map((row) => ({ ...row, id: row.fingerprint })) };
    },
  });
  const put = async () => {
    const form = numberForm(scoped);
    if (await ask({ title: add, action: "기록", signal, body: form.body, run: () => form.send((values) => app.messaging.refuse(list, values)) })) {
      toast("기록했습니다.");
      listing.reload();
    }
  };
  const take = async (/** @type {{ fingerprint: string, recipient: string | null }} */ row) => {
    const reason = reasonField();
    const run = async () => (await app.messaging.allow(list, row.fingerprint, reason.read()), true);
    if (await ask({ title: `${row.recipient ?? "이 번호"}: ${remove}할까요?`, action: remove, signal, body: [reason.node], run })) {
      toast("기록했습니다.");
      listing.drop([row.fingerprint]);
    }
  };
  listing.reload();
  return h("section", { class: "card list-card", "aria-label": title },
    h("div", { class: "card-head" }, h("h2", { class: "card-title" }, title), h("button", { class: "button button-small", type: "button", onclick: put }, add)), h("p", { class: "hint" }, lead), listing.node);
}

function numberForm(/** @type {boolean} */ scoped) {
  const input = h("input", { class: "input", type: "tel", autocomplete: "off", inputmode: "tel", placeholder: "010-0000-0000", oninput: () => number.setError("") });
  const number = field({ label: "전화번호", control: input });
  const scope = select(OPT_OUT_SCOPES);
  const reason = reasonField();
  /** @template T @param {(values: Record<string, string>) => Promise<T>} run @returns {Promise<T>} */
  const send = async (run) => {
    if (input.value.replaceAll(/\D/g, "").length < 10) {
      number.setError("010으로 시작하는 번호를 적어 주세요.");
      throw new Incomplete();
    }
    return run({ phone: input.value.trim(), reason: reason.read(), ...(scoped && { scope: scope.value }) });
  };
  return { body: [number.node, scoped && field({ label: "거부하는 것", control: scope }).node, reason.node], send };
}
