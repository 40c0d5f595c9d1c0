import { h } from "./dom.js";

/** Hand a file to the browser's own downloads. */
export function save(/** @type {Blob} */ blob, /** @type {string} */ name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // the download must have begun
}
