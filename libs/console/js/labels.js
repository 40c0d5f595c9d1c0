/** The academy's words for the API's codes, in one place. */

/** @typedef {"enrolled" | "already_enrolled" | "duplicate" | "skipped" | "failed" | "needs_review"} Outcome */

/** Row outcomes in the order they are shown. `tone` names a CSS class of badges and figures. */
export const OUTCOMES = /** @type {const} */ ([
  { code: "failed", label: "실패", tone: "bad", count: "failed_count" },
  { code: "needs_review", label: "확인 필요", tone: "warn", count: "review_count" },
  { code: "enrolled", label: "등록", tone: "good", count: "enrolled_count" },
  { code: "already_enrolled", label: "이미 등록", tone: "calm", count: "already_enrolled_count" },
  { code: "duplicate", label: "중복", tone: "calm", count: "duplicate_count" },
  { code: "skipped", label: "건너뜀", tone: "calm", count: "skipped_count" },
]);

/** What became of the student behind an enrolled row. */
export const STUDENT_OUTCOMES = /** @type {Record<string, string>} */ ({
  created: "신규", matched: "기존", restored: "복구",
});

export const JOB_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  PENDING: { label: "대기 중", tone: "calm" },
  RUNNING: { label: "처리 중", tone: "info" },
  DONE: { label: "완료", tone: "good" },
  FAILED: { label: "실패", tone: "bad" },
});

/** What the service is doing, said plainer than its own names for the steps. */
export const STEPS = /** @type {Record<string, string>} */ ({
  waiting: "차례를 기다리는 중", downloading: "파일을 여는 중", parsing: "명단을 읽는 중", enrolling: "학생을 찾아 등록하는 중",
});

/** What each word means, for the person at the front desk. */
export const MEANINGS = [
  ["신규", "처음 보는 학생이라 새로 만들어 등록했습니다."],
  ["기존", "이름과 학부모 전화번호가 같은 학생이 있어 그 학생을 등록했습니다."],
  ["복구", "삭제 목록에 있던 같은 학생을 되살려 등록했습니다."],
  ["이미 등록", "이 강의에 벌써 등록되어 있어 그대로 두었습니다."],
  ["중복", "파일 안에 같은 학생이 위쪽 행에 또 있습니다."],
  ["건너뜀", "예시 행처럼 학생이 아닌 행입니다."],
  ["실패", "값이 잘못되었거나 빠져 등록하지 못했습니다. 사유를 보고 고쳐 다시 올려 주세요."],
  ["확인 필요", "삭제 목록에 같은 학생이 둘 이상 있어 누구인지 사람이 정해야 합니다."],
];
