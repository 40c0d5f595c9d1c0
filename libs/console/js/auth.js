/**
 * Who is signed in. A sign-in link carries the token in the URL fragment (never sent to a server);
 * it moves to sessionStorage, so it ends with the tab.
 *
 * @typedef {"missing" | "expired" | "left"} LostReason
 * @typedef {{ tenant_id?: string, sub?: string, roles?: string[] }} Claims
 */

const TOKEN = "academy.token";
const RETURN = "academy.return";

/** Move `#token=…` into sessionStorage and clean the address bar. @returns {boolean} whether there was a token */
export function adoptLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return false;
  const back = sessionStorage.getItem(RETURN) ?? "";
  sessionStorage.removeItem(RETURN);
  history.replaceState(null, "", location.pathname + location.search + back);
  sessionStorage.setItem(TOKEN, token.trim());
  return true;
}

/** The claims for display only; the server alone decides what they are worth. @returns {Claims} */
function readClaims(/** @type {string} */ token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}

export class Auth extends EventTarget {
  /** @type {LostReason} */
  reason = "missing";

  /** @returns {string | null} */
  get token() {
    return sessionStorage.getItem(TOKEN);
  }

  /** @returns {Claims} */
  get claims() {
    return this.token ? readClaims(this.token) : {};
  }

  /** Whether to offer what only the owner and administrators may do; the server alone decides. @returns {boolean} */
  get manages() {
    return this.#has("owner", "admin");
  }

  /** Whether this is somebody who runs the system, and belongs to no academy. @returns {boolean} */
  get watches() {
    return this.#has("viewer", "operator", "approver");
  }

  /** Whether this is a student or a parent, who only watch. @returns {boolean} */
  get learns() {
    return this.#has("student", "parent");
  }

  /** Whose pages to show. @returns {import("./router.js").Audience} */
  get audience() {
    return this.watches ? "operations" : this.learns ? "learner" : "academy";
  }

  /** Whether to offer what changes something in operations. @returns {boolean} */
  get operates() {
    return this.#has("operator", "approver");
  }

  /** Whether to offer the approval of what another has made. @returns {boolean} */
  get approves() {
    return this.#has("approver");
  }

  #has(/** @type {string[]} */ ...roles) {
    return roles.some((role) => this.claims.roles?.includes(role));
  }

  /** Forget the token and tell the router; the present page is where the next sign-in returns to. */
  lose(/** @type {LostReason} */ reason) {
    if (!this.token) return;
    sessionStorage.removeItem(TOKEN);
    if (reason === "expired") sessionStorage.setItem(RETURN, location.hash);
    else sessionStorage.removeItem(RETURN);
    this.reason = reason;
    this.dispatchEvent(new Event("lost"));
  }
}
