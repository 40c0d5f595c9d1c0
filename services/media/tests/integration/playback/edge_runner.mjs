/* Runs deploy/edge/worker.js over some requests, in node or in a browser, with a bucket in memory as R2 binds one. */

/** `objects`: key → base64; answers hold their bodies so, too. */
export async function run(edge, { env, objects, requests }) {
  const bucket = memoryBucket(objects);
  const answers = [];
  for (const { url, method, headers } of requests) {
    const answer = await edge.fetch(new Request(url, { method, headers }), { ...env, BUCKET: bucket });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const body = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    answers.push({ status: answer.status, headers: Object.fromEntries(answer.headers), body });
  }
  return answers;
}

function memoryBucket(objects) {
  const contentOf = (key) =>
    key in objects ? Uint8Array.from(atob(objects[key]), (letter) => letter.charCodeAt(0)) : null;
  return {
    async head(key) {
      const content = contentOf(key);
      return content && { size: content.length };
    },
    async get(key, { range } = {}) {
      const content = contentOf(key);
      if (!content) return null;
      const suffixed = range?.suffix !== undefined;
      const first = suffixed ? Math.max(0, content.length - range.suffix) : (range?.offset ?? 0);
      if (first >= content.length) throw new Error("get: The requested range is not satisfiable (10039)");
      return { size: content.length, body: content.slice(first, first + (range?.length ?? content.length)) };
    },
  };
}

if (globalThis.process?.argv) {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { default: edge } = await import(process.argv[2]);
  process.stdout.write(JSON.stringify(await run(edge, JSON.parse(Buffer.concat(chunks).toString()))));
}
