/** The page's one polite live region: what a screen reader hears of things that change by themselves. */

let timer = 0;

export function announce(/** @type {string} */ text) {
  const region = document.getElementById("live");
  if (!region) return;
  region.textContent = "";
  clearTimeout(timer);
  timer = window.setTimeout(() => (region.textContent = text), 100); // a change is heard, an equal text is not
}
