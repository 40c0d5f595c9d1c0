/**
 * Pictures of the moments of a video: a WebVTT file whose cues are boxes of a sprite.
 *
 * @typedef {{ start: number, end: number, url: string, x: number, y: number, width: number, height: number }} Cue
 */

const TIME = /(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})/;
const BOX = /#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/;

/** @returns {number} seconds; NaN if it is no time */
function seconds(/** @type {string} */ text) {
  const found = TIME.exec(text);
  if (!found) return NaN;
  const [, hours, minutes, whole, thousandths] = found;
  return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(whole) + Number(thousandths) / 1000;
}

/** What cannot be read is left out: it is a convenience. `base`: where the file came from. @returns {Cue[]} */
export function parseStoryboard(/** @type {string} */ text, /** @type {string} */ base) {
  const cues = [];
  for (const block of text.replaceAll("\r\n", "\n").split(/\n{2,}/)) {
    const lines = block.split("\n").map((line) => line.trim());
    const timing = lines.findIndex((line) => line.includes("-->"));
    const target = timing < 0 ? undefined : lines[timing + 1];
    const box = BOX.exec(target ?? "");
    if (!target || !box) continue;
    const [start, end] = lines[timing].split("-->").map(seconds);
    const [x, y, width, height] = box.slice(1).map(Number);
    if (!(end > start) || !width || !height) continue;
    cues.push({ start, end, url: new URL(target.slice(0, box.index), base).href, x, y, width, height });
  }
  return cues.sort((a, b) => a.start - b.start);
}

/** @returns {Cue | null} the picture of that moment */
export function cueAt(/** @type {Cue[]} */ cues, /** @type {number} */ at) {
  return cues.findLast((cue) => cue.start <= at) ?? cues[0] ?? null;
}

/** Read it; none if it cannot be. @returns {Promise<Cue[]>} */
export async function loadStoryboard(/** @type {string | null} */ url, /** @type {AbortSignal} */ signal) {
  if (!url) return [];
  try {
    const response = await fetch(url, { signal });
    return response.ok ? parseStoryboard(await response.text(), response.url) : [];
  } catch {
    return [];
  }
}

/** Show a cue in a box of this width. */
export function paintCue(/** @type {HTMLElement} */ node, /** @type {Cue} */ cue) {
  node.style.width = `${cue.width}px`;
  node.style.height = `${cue.height}px`;
  node.style.backgroundImage = `url(${JSON.stringify(cue.url)})`;
  node.style.backgroundPosition = `-${cue.x}px -${cue.y}px`;
}
