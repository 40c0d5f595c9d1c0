const TYPING_MS = 300;

/**
 * @typedef {import("./client.js").Preview} Preview
 * @typedef {{ body: Record<string, any>, how: import("./phone.js").How }} Wanted  what to render, and how to show it
 */

/** Asks the server what would arrive, each time typing pauses, and shows the newest answer alone. Fires "shown" (detail: the preview). */
export class LivePreview extends EventTarget {
  #timer = 0;
  #run = new AbortController();

  /**
   * @param {{ phone: import("./phone.js").Phone, signal: AbortSignal, ask: () => Wanted | null, client: import("./client.js").MessagingClient }} spec
   *        `ask` gives null while there is nothing to show
   */
  constructor({ phone, signal, ask, client }) {
    super();
    this.phone = phone;
    this.ask = ask;
    this.client = client;
    signal.addEventListener("abort", () => this.#stop());
  }

  /** Something has changed. */
  touch() {
    this.#stop();
    if (!this.ask()) return this.phone.clear();
    this.phone.wait();
    this.#timer = window.setTimeout(() => this.#show(), TYPING_MS);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#run.abort();
  }

  async #show() {
    const wanted = this.ask();
    if (!wanted) return;
    const { signal } = (this.#run = new AbortController());
    try {
      const preview = await this.client.preview(wanted.body, signal);
      if (signal.aborted) return;
      this.phone.show(preview, wanted.how);
      this.dispatchEvent(new CustomEvent("shown", { detail: preview }));
    } catch (error) {
      if (!signal.aborted) this.phone.fail(error);
    }
  }
}
