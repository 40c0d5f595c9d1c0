import { toast } from "../../ui/toast.js";
import { Sending } from "./sending.js";

/**
 * The uploads of this tab, one file at a time; they go on while other pages are looked at. Fires "list" when one is
 * added or taken off.
 */
export class Uploads extends EventTarget {
  /** @type {Sending[]} */ list = [];

  constructor(/** @type {import("../client.js").MediaClient} */ client) {
    super();
    this.client = client;
    window.addEventListener("beforeunload", (event) => this.busy && event.preventDefault());
  }

  /** Whether leaving would break something off. */
  get busy() {
    return this.list.some((each) => each.active || each.state === "waiting");
  }

  add(/** @type {File} */ file, /** @type {import("./sending.js").Draft} */ draft) {
    this.#take(new Sending({ client: this.client, file, draft }));
  }

  /** Go on with an upload that another page, or this one before a reload, has begun. */
  resume(/** @type {File} */ file, /** @type {import("../client.js").OpenUpload} */ open) {
    const known = this.of(open.video_id);
    if (!known) this.#take(new Sending({ client: this.client, file, open }));
    else if (known.state === "paused" || known.state === "failed") this.retry(known);
  }

  /** @returns {Sending | undefined} the one of this video, if it can go on here */
  of(/** @type {string} */ videoId) {
    return this.list.find((each) => each.videoId === videoId && !["done", "cancelled"].includes(each.state));
  }

  retry(/** @type {Sending} */ sending) {
    sending.requeue();
    this.#next();
  }

  remove(/** @type {Sending} */ sending) {
    this.list = this.list.filter((each) => each !== sending);
    this.dispatchEvent(new Event("list"));
  }

  /** Without a token nothing goes on. Who leaves takes their uploads along, and finds them again as unfinished ones. */
  stop(/** @type {import("../../auth.js").LostReason} */ reason) {
    for (const each of this.list) if (each.active || each.state === "waiting") each.pause();
    if (reason === "left") this.list = [];
  }

  #take(/** @type {Sending} */ sending) {
    this.list = [...this.list, sending];
    sending.addEventListener("state", () => this.#onState(sending));
    this.dispatchEvent(new Event("list"));
    this.#next();
  }

  #onState(/** @type {Sending} */ sending) {
    if (sending.state === "done") toast(`‘${sending.title}’ 영상을 올렸습니다. 곧 인코딩을 시작합니다.`, { href: `#/videos/${sending.videoId}`, label: "보기" });
    if (sending.state === "cancelled") this.remove(sending);
    if (!sending.active) this.#next();
  }

  #next() {
    if (this.list.some((each) => each.active)) return;
    this.list.find((each) => each.state === "waiting")?.run();
  }
}
