/** What can be said about a chosen file before it travels; the server judges again. */

/** As the service has it (enrollment.domain.imports.MAX_UPLOAD_BYTES; a test compares them). */
export const MAX_MB = 20;
export const ACCEPT = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const SAVE_AS = "엑셀에서 ‘다른 이름으로 저장 → Excel 통합 문서(.xlsx)’로 저장해 올려 주세요.";
const OTHER_KINDS = /** @type {Record<string, string>} */ ({
  xls: `예전 형식(.xls) 파일입니다. ${SAVE_AS}`,
  csv: `CSV 파일입니다. ${SAVE_AS}`,
  cell: `한셀 파일입니다. 한셀에서 ‘다른 이름으로 저장 → .xlsx’로 저장해 올려 주세요.`,
  numbers: "넘버스 파일입니다. ‘파일 → 다음으로 내보내기 → Excel’로 저장해 올려 주세요.",
});
export const TOO_LARGE = `파일이 ${MAX_MB} MB를 넘습니다. 그림이나 필요 없는 시트를 지우고 다시 올려 주세요.`;
const ZIP = 0x504b0304;
const OLE = 0xd0cf11e0;

/** @returns {Promise<string>} what is wrong, for the person at the desk; "" if it may be sent */
export async function checkFile(/** @type {File | null} */ file) {
  if (!file) return "명단 파일을 골라 주세요.";
  const kind = file.name.toLowerCase().split(".").at(-1) ?? "";
  if (OTHER_KINDS[kind]) return OTHER_KINDS[kind];
  if (kind !== "xlsx") return `엑셀 파일(.xlsx)만 올릴 수 있습니다. ${SAVE_AS}`;
  if (file.size === 0) return "빈 파일입니다. 저장이 끝났는지 확인해 주세요.";
  if (file.size > MAX_MB * 1024 * 1024) return TOO_LARGE;
  return checkContent(file);
}

/** @returns {Promise<string>} */
async function checkContent(/** @type {File} */ file) {
  let magic;
  try {
    magic = new DataView(await file.slice(0, 4).arrayBuffer()).getUint32(0);
  } catch {
    return "파일을 읽을 수 없습니다. 엑셀에서 저장하고 닫은 뒤 다시 골라 주세요.";
  }
  if (magic === OLE) return `암호가 걸렸거나 예전 형식인 파일입니다. 암호를 풀고, ${SAVE_AS}`;
  return magic === ZIP ? "" : `내용이 엑셀 파일이 아닙니다. ${SAVE_AS}`;
}
