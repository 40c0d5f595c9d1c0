import { size } from "../format.js";
import { h } from "../ui/dom.js";
import { dataTable } from "../ui/table.js";

const MEGA = 1_000_000;

/** What was made of the original, the best one first. @returns {HTMLElement | null} null: nothing yet */
export function renditionsCard(/** @type {import("./client.js").Video} */ video) {
  if (video.renditions.length === 0) return null;
  const table = dataTable("화질별 영상", [
    { key: "name", label: "화질" }, { key: "line", label: "전송 속도" }, { key: "codecs", label: "형식" }, { key: "size", label: "크기" },
  ], "renditions");
  for (const each of video.renditions.toSorted((a, b) => b.height - a.height)) {
    table.add([[`${each.width} × ${each.height}`], [`${(each.bandwidth / MEGA).toFixed(1)} Mbps`], [each.codecs], [each.bytes ? size(each.bytes) : ""]]);
  }
  return h("section", { class: "card", "aria-labelledby": "renditions-title" }, h("h2", { id: "renditions-title", class: "card-title" }, "화질"), table.node);
}
