/** A line over days, drawn as SVG; what it shows is a table too, for those who cannot see it. */
import { day as dayWord } from "../format.js";
import { h } from "./dom.js";
import { dataTable } from "./table.js";

/**
 * @typedef {{ day: string, value: number }} Point  `day`: YYYY-MM-DD, in order
 */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 150;
const DAY_MS = 86_400_000;

/**
 * @param {{ title: string, points: Point[], say: (value: number) => string, tone?: "calm" | "warn" | "bad" }} spec `say`: a value in words
 * @returns {HTMLElement}
 */
export function chart({ title, points, say, tone = "calm" }) {
  const most = Math.max(...points.map((point) => point.value), 1);
  const peak = points.reduce((best, point) => (point.value > best.value ? point : best), points[0]);
  const last = points[points.length - 1];
  const told = `${title}: 처음 ${say(points[0].value)}, 마지막 ${say(last.value)}, 가장 클 때 ${say(peak.value)} (${dayWord(peak.day)})`;
  return h("figure", { class: `chart chart-${tone}` },
    h("figcaption", { class: "chart-head" }, h("span", { class: "part-title" }, title), h("strong", {}, say(last.value))),
    h("p", { class: "chart-most", "aria-hidden": "true" }, say(most)), picture(points, most, told, say),
    h("p", { class: "chart-days", "aria-hidden": "true" }, h("span", {}, dayWord(points[0].day)), h("span", {}, dayWord(last.day))), asTable(title, points, say));
}

function picture(/** @type {Point[]} */ points, /** @type {number} */ most, /** @type {string} */ told, /** @type {(value: number) => string} */ say) {
  const places = placed(points, most);
  const line = places.map(([x, y]) => `${x},${y}`).join(" ");
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": told, class: "chart-picture" });
  svg.append(
    element("polygon", { class: "chart-area", points: `${places[0][0]},${HEIGHT} ${line} ${places[places.length - 1][0]},${HEIGHT}` }),
    element("polyline", { class: "chart-line", points: line, "vector-effect": "non-scaling-stroke" }),
    ...places.map(([x], i) => spot(x, points, i, say)));
  return svg;
}

/** Where the days are: as far apart as they are in time; one day alone is a line across. @returns {[number, number][]} */
export function placed(/** @type {Point[]} */ points, /** @type {number} */ most) {
  const at = (/** @type {Point} */ point) => Date.parse(point.day) / DAY_MS;
  const span = at(points[points.length - 1]) - at(points[0]);
  const height = (/** @type {number} */ value) => round(HEIGHT - (value / most) * (HEIGHT - 8));
  if (!span) return [[0, height(points[0].value)], [WIDTH, height(points[0].value)]];
  return points.map((point) => [round(((at(point) - at(points[0])) / span) * WIDTH), height(point.value)]);
}

/** What the pointer meets: a strip that tells its day. */
function spot(/** @type {number} */ x, /** @type {Point[]} */ points, /** @type {number} */ i, /** @type {(value: number) => string} */ say) {
  const width = WIDTH / Math.max(points.length - 1, 1);
  const strip = element("rect", { class: "chart-spot", x: round(x - width / 2), y: 0, width: round(width), height: HEIGHT });
  const point = points[Math.min(i, points.length - 1)];
  const title = element("title", {});
  title.textContent = `${dayWord(point.day)} ${say(point.value)}`;
  strip.append(title);
  return strip;
}

function asTable(/** @type {string} */ title, /** @type {Point[]} */ points, /** @type {(value: number) => string} */ say) {
  const box = h("div");
  const draw = () => {
    if (box.childElementCount) return;
    const table = dataTable(title, [{ key: "name", label: "날" }, { key: "count", label: "값" }], "listing");
    for (const point of points.toReversed()) table.add([[dayWord(point.day)], [say(point.value)]]);
    box.append(table.node);
  };
  return h("details", { class: "meanings", ontoggle: draw }, h("summary", {}, "표로 보기"), box);
}

function element(/** @type {string} */ tag, /** @type {Record<string, string | number>} */ attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/** @returns {number} */
function round(/** @type {number} */ value) {
  return Math.round(value * 10) / 10;
}
