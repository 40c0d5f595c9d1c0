const STOPS = "a, button, summary";

/**
 * Show `node` (or nothing) in `box`, unless it shows the same already: a quiet refresh disturbs nobody. Focus inside stays
 * where it was.
 */
export function update(/** @type {Element} */ box, /** @type {Element | null} */ node) {
  if (!node) return box.replaceChildren();
  const shown = box.firstElementChild;
  if (shown?.isEqualNode(node)) return;
  const place = shown ? [...shown.querySelectorAll(STOPS)].indexOf(/** @type {Element} */ (document.activeElement)) : -1;
  box.replaceChildren(node);
  if (place >= 0) /** @type {HTMLElement | undefined} */ (node.querySelectorAll(STOPS)[place])?.focus({ preventScroll: true });
}
