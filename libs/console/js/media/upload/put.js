import { ApiError, NetworkError, stallWatch } from "../../api.js";

/**
 * Send bytes to a presigned URL. fetch() cannot report upload progress, so this is an XMLHttpRequest; it carries no token.
 *
 * @param {string} url @param {Blob} body
 * @param {{ type?: string, signal: AbortSignal, onProgress: (sent: number) => void }} options `type`: if the URL was signed with one
 * @returns {Promise<void>} Throws ApiError (the store refused), NetworkError, or the signal's reason.
 */
export function put(url, body, { type, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const xhr = new XMLHttpRequest();
    const watch = stallWatch(xhr);
    const stop = () => xhr.abort();
    xhr.open("PUT", url);
    if (type) xhr.setRequestHeader("Content-Type", type);
    xhr.upload.onprogress = (event) => {
      watch.touch();
      onProgress(event.loaded);
    };
    xhr.onerror = () => reject(new NetworkError());
    xhr.onabort = () => reject(signal.aborted ? signal.reason : new NetworkError());
    xhr.onload = () => (xhr.status >= 200 && xhr.status < 300 ? resolve() : reject(new ApiError(xhr.status, null)));
    xhr.onloadend = () => {
      watch.stop();
      signal.removeEventListener("abort", stop);
    };
    signal.addEventListener("abort", stop);
    xhr.send(body.slice()); // a bare slice has no type of its own, which would become an unsigned header
  });
}
