import { instant, number } from "../format.js";
import { BUCKETS } from "../labels.js";
import { factList, mono } from "../operations/words.js";
import { storageView } from "../storage/tabs.js";
import { amount, causeCell, hashCell, keyCell, reasonWord } from "../storage/words.js";
import { fill, h } from "../ui/dom.js";
import { FilterBar } from "../ui/filters.js";
import { Listing } from "../ui/listing.js";
import { announce } from "../ui/live.js";
import { notice } from "../ui/notice.js";
import { workButton } from "../ui/page.js";
import { select } from "../ui/select.js";

/** `#/storage/ledger?plan_id=…&tenant_id=…&bucket=…&prefix=…`: what was deleted, by what, and whether nobody has changed that. */
export function storageLedgerPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const filters = new LedgerFilters({ query, signal });
  const box = h("div", { class: "stack" });
  const listing = new Listing({
    caption: "삭제 대장", unit: "건", signal, columns: COLUMNS, cells,
    read: (cursor, run) => app.storage.page("ledger/", { ...filters.values, cursor }, run, (entry) => String(entry.seq)),
    empty: () => (Object.keys(filters.values).length ? "맞는 기록이 없습니다. 조건을 줄여 보세요." : "아직 지운 것이 없습니다."),
  });
  const verify = async () => {
    fill(box, h("p", { class: "loading", role: "status" }, "처음부터 끝까지 따라가는 중입니다…"));
    const found = await app.storage.get("ledger/verify/", signal);
    fill(box, verdict(found));
    announce(box.textContent ?? "");
  };
  const reload = () => {
    app.router.keep(filters.values);
    listing.reload();
  };
  filters.addEventListener("change", reload);
  reload();
  return storageView({ title: "삭제 대장", lead: "지운 객체마다 한 줄입니다. 각 줄의 지문이 앞 줄의 지문을 담고 있어, 한 줄이라도 고치면 확인할 때 드러납니다.", at: "/storage/ledger",
    actions: [workButton("사슬 확인", { kind: "button-main", trouble: box, run: verify })] },
  box, h("section", { class: "card list-card", "aria-label": "삭제 대장" }, filters.node, listing.node));
}

function verdict(/** @type {{ entries: number, head: string, broken_at: number | null }} */ { entries, head, broken_at: broken }) {
  const facts = factList([["기록", `${number(entries)}건`], ["마지막 지문", mono(head)]]);
  return broken === null
    ? notice("good", "모든 기록이 쓴 그대로입니다.", facts, h("p", { class: "hint" }, "마지막 지문을 따로 적어 두면, 나중에 대장의 뒤가 잘려 나갔는지도 알 수 있습니다."))
    : notice("bad", `${number(broken)}번 기록부터 쓴 그대로가 아닙니다.`, facts, h("p", {}, "데이터베이스를 직접 고친 사람이 있는지 확인하고, 백업의 같은 줄과 비교하세요."));
}

const COLUMNS = [
  { key: "seq", label: "번호" }, { key: "day", label: "지운 때" }, { key: "keys", label: "키" }, { key: "count", label: "용량" }, { key: "what", label: "이유" },
  { key: "what", label: "무엇이, 누구의 허락으로" }, { key: "print", label: "지문" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {import("../storage/client.js").Entry} */ entry) {
  return [
    [number(entry.seq)], [instant(entry.at)], [keyCell(entry.bucket, entry.key, entry.tenant_id)], [amount(entry.bytes)],
    [`${entry.rule}: ${reasonWord(entry.reason)}`], [h("div", { class: "two-lines" }, causeCell(entry.cause), mono(entry.approver))], [hashCell(entry.hash)],
  ];
}

const TEXTS = /** @type {[string, string, number][]} */ ([["prefix", "키의 앞부분", 1024], ["tenant_id", "학원", 64], ["plan_id", "계획 ID", 36]]);

class LedgerFilters extends FilterBar {
  /** @param {{ query: URLSearchParams, signal: AbortSignal }} spec */
  constructor({ query, signal }) {
    super({ signal, typingMs: 300 });
    this.bucket = select(BUCKETS, { "aria-label": "버킷", onchange: () => this.tell() }, "버킷 전체");
    this.bucket.value = (query.get("bucket") ?? "") in BUCKETS ? query.get("bucket") ?? "" : "";
    this.texts = TEXTS.map(([name, label, maxlength]) => h("input", {
      class: "input filter-text", type: "search", name, maxlength: String(maxlength), autocomplete: "off", spellcheck: "false",
      "aria-label": label, placeholder: label, value: query.get(name) ?? "", oninput: () => this.typed(),
    }));
    this.node.append(this.bucket, ...this.texts, this.clear);
    this.paint();
  }

  /** @returns {Record<string, string>} */
  get values() {
    const values = [["bucket", this.bucket.value], ...this.texts.map((input) => [input.name, input.value.trim()])];
    return Object.fromEntries(values.filter(([, value]) => value));
  }

  get choices() {
    return [this.bucket];
  }

  reset() {
    for (const each of [this.bucket, ...this.texts]) each.value = "";
    this.tell();
    this.bucket.focus();
  }
}
