/**
 * The one way to the HTTP APIs: bearer token, JSON, problem+json, cursors, uploads with progress.
 *
 * @typedef {{ results: any[], next: string | null }} Page
 * @typedef {{ query?: Record<string, string | number | boolean | null | undefined>, body?: unknown,
 *             key?: string, signal?: AbortSignal, timeout?: number, keepalive?: boolean }} Options
 *          `keepalive`: also when the tab is being closed
 * @typedef {{ key?: string, method?: "POST" | "PUT", signal?: AbortSignal,
 *             onProgress?: (sent: number, total: number) => void }} UploadOptions
 */

const BASE = "/api/v1/";
const TIMEOUT_MS = 20_000;
const UPLOAD_STALL_MS = 120_000;
const STREAM_SILENT_MS = 15_000; // the server says something every second

/** The server refused: an RFC 9457 problem, or any answer that is not 2xx. */
export class ApiError extends Error {
  constructor(/** @type {number} */ status, /** @type {any} */ problem, /** @type {string | null} */ retryAfter = null) {
    super(typeof problem?.detail === "string" ? problem.detail : statusText(status));
    this.name = "ApiError";
    this.status = status;
    /** @type {string} */
    this.code = String(problem?.code ?? `http_${status}`);
    /** @type {Record<string, string[]>} */
    this.errors = fieldErrors(problem?.errors);
    /** @type {string | null} */
    this.requestId = problem?.request_id ?? null;
    /** @type {Record<string, any>} what else the problem tells, such as the student that is in the way */
    this.members = problem ?? {};
    this.retryAfterMs = Number(retryAfter) > 0 ? Number(retryAfter) * 1000 : 0;
  }

  /** Worth asking again by itself: the server is busy or away, the request was not judged. */
  get transient() {
    return this.status === 429 || this.status >= 500;
  }
}

/** No answer at all: offline, timed out, connection cut. What the server did is unknown. */
export class NetworkError extends Error {
  constructor() {
    super(navigator.onLine ? "서버와 연결이 끊겼습니다." : "인터넷에 연결되어 있지 않습니다.");
    this.name = "NetworkError";
  }
}

/** @returns {string} */
function statusText(/** @type {number} */ status) {
  if (status === 403) return "이 작업을 할 권한이 없습니다.";
  if (status === 404) return "찾을 수 없습니다.";
  if (status === 413) return "파일이 너무 큽니다.";
  if (status === 429) return "요청이 많아 잠시 기다려야 합니다.";
  return status >= 500 ? "서버에 문제가 생겼습니다. 잠시 뒤 다시 시도해 주세요." : "요청을 처리하지 못했습니다.";
}

/** @returns {Record<string, string[]>} */
function fieldErrors(/** @type {any} */ errors) {
  const out = /** @type {Record<string, string[]>} */ ({});
  for (const [field, messages] of Object.entries(errors ?? {})) {
    out[field] = (Array.isArray(messages) ? messages : [messages]).map(String);
  }
  return out;
}

/** @returns {any} */
function parseJson(/** @type {string} */ text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A path of this origin: whatever host a link names, the token stays at home. @returns {string} */
export function ownPath(/** @type {string} */ link) {
  const url = new URL(link, location.origin + BASE);
  return url.pathname + url.search;
}

/** @returns {string} */
function withQuery(/** @type {string} */ path, /** @type {Options["query"]} */ query) {
  const url = new URL(path, location.origin + BASE);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url.pathname + url.search;
}

/** @returns {string} */
function fileName(/** @type {string | null} */ disposition) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  const plain = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  return encoded ? decodeURIComponent(encoded) : plain ?? "download";
}

/** A key that makes a POST safe to repeat (randomUUID exists only on https and localhost). @returns {string} */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

export class Api {
  constructor(/** @type {import("./auth.js").Auth} */ auth) {
    this.auth = auth;
  }

  /** @returns {Promise<any>} the JSON answer, null for 204. Throws ApiError, NetworkError, or AbortError. */
  get(/** @type {string} */ path, /** @type {Options} */ options = {}) {
    return this.#send("GET", path, options);
  }

  /** @returns {Promise<any>} */
  post(/** @type {string} */ path, /** @type {unknown} */ body, /** @type {Options} */ options = {}) {
    return this.#send("POST", path, { key: newKey(), ...options, body });
  }

  /** @returns {Promise<any>} */
  put(/** @type {string} */ path, /** @type {unknown} */ body, /** @type {Options} */ options = {}) {
    return this.#send("PUT", path, { ...options, body });
  }

  /** @returns {Promise<any>} */
  patch(/** @type {string} */ path, /** @type {unknown} */ body, /** @type {Options} */ options = {}) {
    return this.#send("PATCH", path, { ...options, body });
  }

  /** @returns {Promise<any>} */
  delete(/** @type {string} */ path, /** @type {Options} */ options = {}) {
    return this.#send("DELETE", path, options);
  }

  /** A file as the server names it. It may be long in coming, so only `signal` ends it. @returns {Promise<{ blob: Blob, name: string }>} */
  async download(/** @type {string} */ path, /** @type {Options} */ { query, signal } = {}) {
    const headers = new Headers({ Accept: "*/*" });
    this.#authorize((name, value) => headers.set(name, value), undefined);
    try {
      const response = await fetch(withQuery(path, query), { headers, signal, cache: "no-store" });
      if (!response.ok) this.#judge(response.status, await response.text(), response.headers.get("Retry-After"));
      return { blob: await response.blob(), name: fileName(response.headers.get("Content-Disposition")) };
    } catch (error) {
      if (error instanceof ApiError) throw error;
      signal?.throwIfAborted();
      throw new NetworkError();
    }
  }

  /**
   * The JSON of each server-sent event. A line on which nothing comes, not even a comment, is taken for broken.
   * @returns {AsyncGenerator<any, void, void>} Throws ApiError, NetworkError, or AbortError.
   */
  async *events(/** @type {string} */ path, /** @type {AbortSignal} */ signal) {
    const silence = new Silence(signal);
    const headers = new Headers({ Accept: "text/event-stream, application/problem+json" });
    this.#authorize((name, value) => headers.set(name, value), undefined);
    try {
      const response = await fetch(withQuery(path, {}), { headers, signal: silence.signal, cache: "no-store" });
      if (!response.ok || !response.body) this.#judge(response.status, await response.text(), response.headers.get("Retry-After"));
      yield* eventsOf(/** @type {ReadableStream<Uint8Array>} */ (response.body), () => silence.heard());
    } catch (error) {
      if (error instanceof ApiError) throw error;
      signal.throwIfAborted();
      throw new NetworkError();
    } finally {
      silence.end();
    }
  }

  /** Every row of a list: follows `next` to the end. @returns {Promise<any[]>} */
  async all(/** @type {string} */ path, /** @type {Options} */ options = {}) {
    const rows = [];
    let cursor = null;
    do {
      const query = { page_size: 500, ...options.query, cursor };
      const page = /** @type {Page} */ (await this.get(path, { ...options, query }));
      rows.push(...page.results);
      cursor = page.next;
    } while (cursor);
    return rows;
  }

  /** @returns {Promise<any>} */
  async #send(/** @type {string} */ method, /** @type {string} */ path, /** @type {Options} */ options) {
    const headers = new Headers({ Accept: "application/json, application/problem+json" });
    this.#authorize((name, value) => headers.set(name, value), options.key);
    if (options.body !== undefined) headers.set("Content-Type", "application/json");
    const timeout = AbortSignal.timeout(options.timeout ?? TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    let response, text;
    try {
      response = await fetch(withQuery(path, options.query), { method, headers, body, signal, keepalive: options.keepalive, cache: "no-store" });
      text = await response.text();
    } catch {
      options.signal?.throwIfAborted();
      throw new NetworkError();
    }
    return this.#judge(response.status, text, response.headers.get("Retry-After"));
  }

  /** Send a form with a file. fetch() cannot report upload progress, so this is an XMLHttpRequest. */
  upload(/** @type {string} */ path, /** @type {FormData} */ form, /** @type {UploadOptions} */ options) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open(options.method ?? "POST", withQuery(path, {}));
      xhr.setRequestHeader("Accept", "application/json, application/problem+json");
      this.#authorize((name, value) => xhr.setRequestHeader(name, value), options.key);
      const watch = stallWatch(xhr);
      xhr.upload.onprogress = (event) => {
        watch.touch();
        if (event.lengthComputable) options.onProgress?.(event.loaded, event.total);
      };
      xhr.onerror = () => reject(new NetworkError());
      xhr.onabort = () => reject(options.signal?.reason ?? new NetworkError());
      xhr.onloadend = () => watch.stop();
      xhr.onload = () => {
        try {
          resolve(this.#judge(xhr.status, xhr.responseText, xhr.getResponseHeader("Retry-After")));
        } catch (error) {
          reject(error);
        }
      };
      options.signal?.addEventListener("abort", () => xhr.abort(), { once: true });
      xhr.send(form);
    });
  }

  #authorize(/** @type {(name: string, value: string) => void} */ set, /** @type {string | undefined} */ key) {
    if (this.auth.token) set("Authorization", `Bearer ${this.auth.token}`);
    if (key) set("Idempotency-Key", key);
  }

  /** @returns {any} */
  #judge(/** @type {number} */ status, /** @type {string} */ text, /** @type {string | null} */ retryAfter) {
    if (status >= 200 && status < 300) return text ? parseJson(text) : null;
    if (status === 401) this.auth.lose("expired");
    throw new ApiError(status, parseJson(text), retryAfter);
  }
}

/** Ends a stream on which nothing has come for long, and at once when the line is known to be gone. */
class Silence {
  #stop = new AbortController();
  #timer = 0;

  constructor(/** @type {AbortSignal} */ signal) {
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
    window.addEventListener("offline", () => this.#stop.abort(), { signal: this.signal });
    this.heard();
  }

  /** Something came: the wait begins anew. */
  heard() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#stop.abort(), STREAM_SILENT_MS);
  }

  /** Nobody reads it any more. */
  end() {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }
}

/** @returns {AsyncGenerator<any, void, void>} the `data` of each event, read as JSON */
async function* eventsOf(/** @type {ReadableStream<Uint8Array>} */ body, /** @type {() => void} */ heard) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const parts = (text + decoder.decode(value, { stream: true })).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const data = part.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}

/** Give up on an upload when nothing has moved for long; a slow line alone is no reason. */
export function stallWatch(/** @type {XMLHttpRequest} */ xhr) {
  let timer = setTimeout(() => xhr.abort(), UPLOAD_STALL_MS);
  const stop = () => clearTimeout(timer);
  const touch = () => {
    stop();
    timer = setTimeout(() => xhr.abort(), UPLOAD_STALL_MS);
  };
  return { touch, stop };
}
