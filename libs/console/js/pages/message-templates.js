import { day } from "../format.js";
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from "../labels.js";
import { messagesView } from "../messaging/tabs.js";
import { categoryBadge } from "../messaging/words.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { Listing } from "../ui/listing.js";
import { select } from "../ui/select.js";
import { wordBadge } from "../ui/table.js";

/** @typedef {import("../messaging/client.js").Template} Template */

/** `#/messages/templates?category=…`: what is said again and again. */
export function messageTemplatesPage(/** @type {import("../router.js").Context} */ { app, query, signal }) {
  const category = select(TEMPLATE_CATEGORIES, { "aria-label": "분류", onchange: () => show() }, "분류 전체");
  category.value = query.get("category") ?? "";
  const listing = new Listing({
    caption: "템플릿 목록", unit: "개", signal, columns: COLUMNS, cells,
    read: (cursor, run) => app.messaging.page("templates/", { category: category.value, cursor }, run),
    empty: () => (category.value ? "이 분류의 템플릿이 없습니다." : "아직 템플릿이 없습니다."),
  });
  const show = () => {
    app.router.keep({ category: category.value });
    category.classList.toggle("filter-on", category.value !== "");
    listing.reload();
  };
  show();
  const add = h("a", { class: "button button-main", href: "#/messages/templates/new" }, icon("plus"), "새 템플릿");
  return messagesView({ title: "템플릿", lead: "자주 보내는 내용입니다. 알림톡으로 보내려면 카카오의 심사를 받아야 합니다.", actions: [add], at: "/messages/templates" },
    h("section", { class: "card list-card", "aria-label": "템플릿 목록" }, h("div", { class: "filters" }, category), listing.node));
}

const COLUMNS = [
  { key: "name", label: "이름" }, { key: "what", label: "분류" }, { key: "state", label: "알림톡" }, { key: "said", label: "내용" }, { key: "day", label: "고친 날" }, { key: "act", label: "" },
];

/** @returns {import("../ui/dom.js").Child[][]} */
function cells(/** @type {Template} */ template) {
  return [
    [h("a", { class: "row-link", href: `#/messages/templates/${template.id}` }, template.name), template.purpose === "AD" && categoryBadge("AD")],
    [TEMPLATE_CATEGORIES[template.category] ?? template.category],
    [wordBadge(TEMPLATE_STATES, template.review)],
    [h("span", { class: "said" }, template.content)],
    [day(template.updated_at)],
    [h("a", { class: "button button-small", href: `#/messages?template=${template.id}`, "aria-label": `${template.name} 템플릿으로 보내기` }, "보내기")],
  ];
}
