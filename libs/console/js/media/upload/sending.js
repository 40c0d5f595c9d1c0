import { ApiError, newKey } from "../../api.js";
import { persist } from "../../ui/watch.js";
import { contentType, fingerprint } from "./file-check.js";
import { Meter } from "./meter.js";
import { Parts, stale } from "./parts.js";
import { put } from "./put.js";

/**
 * @typedef {"waiting" | "starting" | "sending" | "finishing" | "paused" | "done" | "failed" | "cancelled"} State
 * @typedef {{ session: string, title: string, allow_skip: boolean, max_speed: number, show_watermark: boolean }} Draft
 */

const TELL_MS = 250;
const MISSING = ["upload_incomplete", "upload_missing"];

/** One file on its way to the bucket. Fires "change" a few times a second, and "state" when that is another one. */
export class Sending extends EventTarget {
  /** @type {State} */ state = "waiting";
  /** @type {unknown} what made it fail */ error = null;
  /** @type {Error | null} what keeps it waiting */ trouble = null;
  /** @type {string | null} */ videoId = null;
  sent = 0;
  turnedDown = false;
  meter = new Meter();
  #key = newKey();
  #stop = new AbortController();
  #told = 0;
  /** @type {import("../client.js").OpenUpload | null} */ #open = null;
  /** @type {Parts | null} */ #parts = null;

  /** @param {{ client: import("../client.js").MediaClient, file: File, draft?: Draft, open?: import("../client.js").OpenUpload }} spec
   *         `draft` of a new video, or the `open` upload that goes on */
  constructor({ client, file, draft, open }) {
    super();
    this.client = client;
    this.file = file;
    this.draft = draft;
    this.title = draft?.title ?? file.name;
    this.videoId = open?.video_id ?? null;
    this.#open = open ?? null;
  }

  /** Whether it takes the line, or soon will. */
  get active() {
    return ["starting", "sending", "finishing"].includes(this.state);
  }

  /** @returns {number | null} */
  get secondsLeft() {
    const { speed } = this.meter;
    return speed ? (this.file.size - this.sent) / speed : null;
  }

  /** From the beginning or from where it was. Settles when it is over, whatever came of it. @returns {Promise<void>} */
  async run() {
    const { signal } = (this.#stop = new AbortController());
    this.error = null;
    this.meter.reset();
    try {
      this.#become("starting");
      const open = (this.#open ??= await this.#begin(signal));
      this.#become("sending");
      await this.#send(open, signal);
      this.#become("finishing");
      const video = await this.#complete(open, signal);
      if (video.status === "FAILED") throw this.#turnedDown(video);
      this.sent = this.file.size;
      this.#become("done");
    } catch (error) {
      if (signal.aborted) return; // who stopped it has said why
      this.error = error;
      const signedOut = error instanceof ApiError && error.status === 401;
      this.#become(signedOut ? "paused" : "failed");
    }
  }

  /** The file is at fault: sending it again is no use. */
  #turnedDown(/** @type {import("../client.js").Video} */ video) {
    this.turnedDown = true;
    return new ApiError(422, { detail: video.error?.reason, code: video.error?.code });
  }

  /** Stop for now: what the store has stays there. */
  pause() {
    this.#become("paused");
    this.#stop.abort(new DOMException("stopped", "AbortError"));
  }

  /** Wait for its turn again. */
  requeue() {
    this.error = null;
    this.#become("waiting");
  }

  /** Give it up, here and in the store. @returns {Promise<void>} */
  async cancel() {
    this.pause();
    if (this.videoId) await this.client.cancelUpload(this.videoId);
    this.#become("cancelled");
  }

  /** @returns {Promise<import("../client.js").OpenUpload>} */
  async #begin(/** @type {AbortSignal} */ signal) {
    const { file } = this;
    const video = /** @type {import("../client.js").NewVideo} */ ({
      ...this.draft, filename: file.name.normalize("NFC"), content_type: contentType(file), size_bytes: file.size, fingerprint: fingerprint(file),
    });
    const open = await this.#persist(() => this.client.openUpload(video, this.#key, signal), signal);
    this.videoId = open.video_id;
    return open;
  }

  #send(/** @type {import("../client.js").OpenUpload} */ open, /** @type {AbortSignal} */ signal) {
    return open.upload.kind === "SINGLE" ? this.#sendWhole(open, signal) : this.#sendParts(open, signal);
  }

  /** What the store does not have after all is sent once more. @returns {Promise<import("../client.js").Video>} */
  async #complete(/** @type {import("../client.js").OpenUpload} */ open, /** @type {AbortSignal} */ signal) {
    const complete = () => this.#persist(() => this.client.completeUpload(open.video_id, signal), signal);
    try {
      return await complete();
    } catch (error) {
      if (!(error instanceof ApiError && MISSING.includes(error.code))) throw error;
      await this.#send(open, signal);
      return complete();
    }
  }

  async #sendParts(/** @type {import("../client.js").OpenUpload} */ { video_id: id, upload }, /** @type {AbortSignal} */ signal) {
    this.#parts ??= new Parts({
      file: this.file, partBytes: upload.part_bytes, onTrouble: (error) => this.#worry(error), onProgress: () => this.#progress(this.#parts?.sent ?? 0),
      store: {
        numbers: async (run) => (await this.client.upload(id, run)).uploaded_parts,
        presign: (numbers, run) => this.client.presign(id, numbers, run),
      },
    });
    await this.#parts.send(signal);
  }

  /** A small file goes in one piece; broken off, it begins anew. */
  async #sendWhole(/** @type {import("../client.js").OpenUpload} */ open, /** @type {AbortSignal} */ signal) {
    let url = open.upload_url;
    const onProgress = (/** @type {number} */ sent) => this.#progress(sent);
    const send = async () => {
      const now = url ? null : await this.client.upload(open.video_id, signal);
      if (now?.stored) return; // the answer was lost, and not the file
      await put(/** @type {string} */ (url ?? now?.upload_url), this.file, { type: open.content_type, signal, onProgress });
    };
    await this.#persist(async () => {
      try {
        await send();
      } catch (error) {
        const first = url !== null;
        url = null; // what was sent may be there, and the link may have run out
        if (!first || !stale(error)) throw error;
        await send();
      }
    }, signal);
    open.upload_url = null;
  }

  /** @template T @param {() => Promise<T>} work @param {AbortSignal} signal @returns {Promise<T>} */
  #persist(work, signal) {
    return persist(work, { signal, onTrouble: (error) => this.#worry(error) });
  }

  #worry(/** @type {Error | null} */ error) {
    if (this.trouble === error) return;
    this.trouble = error;
    if (error) this.meter.reset();
    this.#tell();
  }

  #progress(/** @type {number} */ sent) {
    this.sent = sent;
    if (performance.now() - this.#told < TELL_MS) return;
    this.meter.mark(sent);
    this.#tell();
  }

  #become(/** @type {State} */ state) {
    this.state = state;
    this.trouble = null;
    this.#tell();
    this.dispatchEvent(new Event("state"));
  }

  #tell() {
    this.#told = performance.now();
    this.dispatchEvent(new Event("change"));
  }
}
