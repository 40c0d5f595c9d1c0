/* Serves a video's segments from R2 to whoever holds a signed address (a Cloudflare Worker, see README.md).

   The rule is services/media/src/media/domain/signing.py's, minus what only the database knows: a session that
   ended, a student who was blocked, a policy that changed. Playlists are never served here: the API signs what
   is in them, and asks the database each time. */

const FIELDS = {
  exp: /^[0-9]{1,12}$/,
  kid: /^[A-Za-z0-9_-]{1,20}$/,
  uid: /^[\x21-\x7b\x7d\x7e]{1,220}$/,
  pv: /^[0-9]{1,9}$/,
  sid: /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/,
  sig: /^[A-Za-z0-9_-]{43}$/,
};
const PATH = /^([a-z0-9-]+)\/([0-9a-f-]{36})((?:\/(?!\.)[A-Za-z0-9._-]+)+)$/;
const TYPES = { m4s: "video/iso.segment", mp4: "video/mp4", vtt: "text/vtt; charset=utf-8", jpg: "image/jpeg" };
const DETAILS = {
  unsigned_url: [403, "서명이 없는 주소입니다. 영상을 다시 열어 주세요."],
  bad_signature: [403, "서명이 올바르지 않은 주소입니다. 영상을 다시 열어 주세요."],
  unknown_key: [403, "더 이상 쓰지 않는 서명입니다. 영상을 다시 열어 주세요."],
  url_expired: [403, "주소의 유효 시간이 지났습니다. 영상을 다시 열어 주세요."],
  not_found: [404, "요청한 대상을 찾을 수 없습니다."],
  method_not_allowed: [405, "지원하지 않는 요청 방식입니다."],
  range_not_satisfiable: [416, "요청한 구간이 파일의 크기를 벗어났습니다."],
  not_configured: [500, "일시적인 오류가 발생했습니다."],
};

/** The word for why an address is refused, or null. `query` is a URLSearchParams, `now` in seconds. */
export async function refusal(path, query, secret, now) {
  if (!query.get("sig")) return "unsigned_url";
  const given = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, query.get(name)]));
  const formed = Object.entries(FIELDS).every(([name, shape]) => given[name] !== null && shape.test(given[name]));
  if (!formed || !PATH.test(path)) return "bad_signature";
  const key = keysOf(secret)[given.kid];
  if (key === undefined) return "unknown_key";
  const text = [path, given.exp, given.kid, given.uid, given.pv, given.sid].join("|");
  // verify compares in constant time
  if (!(await matches(key, text, given.sig))) return "bad_signature";
  return Number(given.exp) <= now ? "url_expired" : null;
}

/** The key ids and bytes of CDN_HLS_SIGNING_SECRET: `v2:<hex>,v1:<hex>`; one without id is v1. Throws. */
export function keysOf(secret) {
  const keys = {};
  for (const part of (secret ?? "").split(",")) {
    const found = /^(?:([A-Za-z0-9_-]{1,20}):)?((?:[0-9a-fA-F]{2}){32,})$/.exec(part.trim());
    if (!found) throw new Error("CDN_HLS_SIGNING_SECRET is missing or malformed");
    keys[found[1] ?? "v1"] = Uint8Array.from(found[2].match(/../g), (pair) => parseInt(pair, 16));
  }
  return keys;
}

async function matches(bytes, text, signature) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
  const offered = atob(signature.replaceAll("-", "+").replaceAll("_", "/"));
  // 43 characters hold two bits more than 32 bytes: another last character must not pass for the same
  const canonical = btoa(offered).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") === signature;
  const mac = Uint8Array.from(offered, (letter) => letter.charCodeAt(0));
  return (await crypto.subtle.verify("HMAC", key, mac, new TextEncoder().encode(text))) && canonical;
}

async function serve(request, env) {
  const url = new URL(request.url);
  const path = url.pathname.slice(1);
  const why = await refusal(path, url.searchParams, env.CDN_HLS_SIGNING_SECRET, Date.now() / 1000);
  if (why) return problem(why);
  const [, tenant, video, rest] = PATH.exec(path);
  const name = rest.slice(rest.lastIndexOf("/") + 1);
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
  // the storyboard's addresses are signed by the API, as a playlist's
  if (!type || (name.startsWith("storyboard") && name.endsWith(".vtt"))) return problem("not_found");
  const left = Math.max(0, Number(url.searchParams.get("exp")) - Math.floor(Date.now() / 1000));
  return object(request, env.BUCKET, `tenants/${tenant}/video/hls/${video}${rest}`, {
    "Content-Type": type,
    "Accept-Ranges": "bytes",
    "Cache-Control": `private, max-age=${left}, immutable`,
    "X-Content-Type-Options": "nosniff",
  });
}

async function object(request, bucket, key, headers) {
  if (request.method === "HEAD") {
    const known = await bucket.head(key);
    return known ? new Response(null, { headers: { ...headers, "Content-Length": `${known.size}` } }) : problem("not_found");
  }
  const range = rangeOf(request.headers.get("Range"));
  let found;
  try {
    found = await bucket.get(key, range ? { range } : {});
  } catch (error) {
    if (!range) throw error;
    const known = await bucket.head(key); // R2 throws for a range outside of the object
    return known ? problem("range_not_satisfiable", { "Content-Range": `bytes */${known.size}` }) : problem("not_found");
  }
  if (!found) return problem("not_found");
  const first = range ? (range.suffix === undefined ? range.offset : Math.max(0, found.size - range.suffix)) : 0;
  const length = Math.min(range?.length ?? Infinity, found.size - first);
  if (length === found.size) {
    return new Response(found.body, { headers: { ...headers, "Content-Length": `${length}` } });
  }
  const span = `bytes ${first}-${first + length - 1}/${found.size}`;
  return new Response(found.body, {
    status: 206,
    headers: { ...headers, "Content-Length": `${length}`, "Content-Range": span },
  });
}

/** R2's range of a header with one range; null for none, several or a malformed one, answered with the whole. */
function rangeOf(header) {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!found || (!found[1] && !found[2])) return null;
  if (!found[1]) return { suffix: Number(found[2]) };
  const offset = Number(found[1]);
  if (!found[2]) return { offset };
  return Number(found[2]) < offset ? null : { offset, length: Number(found[2]) - offset + 1 };
}

function problem(code, headers = {}) {
  const [status, detail] = DETAILS[code];
  const body = JSON.stringify({ type: `urn:academy:problem:${code}`, status, code, detail });
  return new Response(body, {
    status,
    headers: { ...headers, "Content-Type": "application/problem+json", "Cache-Control": "no-store" },
  });
}

/** What a page of another origin needs to read segments: hls.js fetches them. */
function shared(response, env) {
  if (env.ALLOWED_ORIGIN) {
    response.headers.set("Access-Control-Allow-Origin", env.ALLOWED_ORIGIN);
    response.headers.set("Access-Control-Expose-Headers", "Content-Length, Content-Range");
    response.headers.set("Vary", "Origin");
  }
  return response;
}

function preflight() {
  return new Response(null, {
    status: 204,
    headers: { "Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "Range", "Access-Control-Max-Age": "86400" },
  });
}

export default {
  async fetch(request, env) {
    try {
      keysOf(env.CDN_HLS_SIGNING_SECRET);
    } catch {
      return problem("not_configured"); // never an unsigned way in
    }
    if (request.method === "OPTIONS") return shared(preflight(), env);
    if (request.method !== "GET" && request.method !== "HEAD") return problem("method_not_allowed");
    return shared(await serve(request, env), env);
  },
};
