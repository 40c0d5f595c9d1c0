/** What can be said about a chosen video before it travels; the server looks into it again. */
import { size } from "../../format.js";

/** As the service has them (media.domain.uploads; a test compares them). */
export const EXTENSIONS = "3g2 3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv ts webm wmv".split(" ");

export const ACCEPT = ["video/*", ...EXTENSIONS.map((each) => `.${each}`)].join(",");

/** @returns {string} the ending of its name, in small letters */
function ending(/** @type {string} */ name) {
  return name.includes(".") ? name.toLowerCase().split(".").at(-1) ?? "" : "";
}

const TYPE = /^video\/[a-z0-9][a-z0-9.+-]*$/;

/** The type it travels as; browsers do not know all of them. @returns {string} */
export function contentType(/** @type {File} */ file) {
  return TYPE.test(file.type) ? file.type : "video/mp4";
}

/** @returns {string} what is wrong, for the person at the desk; "" if it may be sent. `most`: bytes that the academy allows */
export function checkVideo(/** @type {File} */ file, /** @type {number} */ most) {
  const kind = ending(file.name);
  if (kind && !EXTENSIONS.includes(kind)) return "동영상 파일(mp4, mov, webm 등)만 올릴 수 있습니다.";
  if (file.size === 0) return "빈 파일입니다. 저장이 끝났는지 확인해 주세요.";
  if (file.size > most) return `파일이 ${size(most)}를 넘습니다. 나누어 올려 주세요.`;
  return "";
}

/** A title to begin with: the file's name without its ending. @returns {string} */
export function titleOf(/** @type {File} */ file) {
  const name = file.name.normalize("NFC");
  return (ending(name) ? name.slice(0, name.lastIndexOf(".")) : name).replaceAll(/[_\s]+/g, " ").trim().slice(0, 255);
}

const NAME_CHARS = 150; // the service keeps 200 characters

/** By which the same file is known again after a reload. @returns {string} */
export function fingerprint(/** @type {File} */ file) {
  return `${file.size}-${file.lastModified}-${file.name.normalize("NFC").slice(-NAME_CHARS)}`;
}
