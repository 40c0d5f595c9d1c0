/** The academy's words for the API's codes, in one place. */

/**
 * A lecture's list ends in the first two, a list of students without a lecture in the second two.
 *
 * @typedef {"enrolled" | "already_enrolled" | "registered" | "already_registered"
 *           | "duplicate" | "skipped" | "failed" | "needs_review"} Outcome
 */

/** Row outcomes in the order they are shown. `tone` names a CSS class of badges and figures. */
export const OUTCOMES = /** @type {const} */ ([
  { code: "failed", label: "실패", tone: "bad", count: "failed_count" },
  { code: "needs_review", label: "확인 필요", tone: "warn", count: "review_count" },
  { code: "enrolled", label: "등록", tone: "good", count: "enrolled_count" },
  { code: "already_enrolled", label: "이미 등록", tone: "calm", count: "already_enrolled_count" },
  { code: "registered", label: "학생 등록", tone: "good", count: "registered_count" },
  { code: "already_registered", label: "이미 있음", tone: "calm", count: "already_registered_count" },
  { code: "duplicate", label: "중복", tone: "calm", count: "duplicate_count" },
  { code: "skipped", label: "건너뜀", tone: "calm", count: "skipped_count" },
]);

/** What became of the student behind an enrolled or registered row. */
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

const SHARED_MEANINGS = [
  ["중복", "파일 안에 같은 학생이 위쪽 행에 또 있습니다."],
  ["건너뜀", "예시 행처럼 학생이 아닌 행입니다."],
  ["실패", "값이 잘못되었거나 빠져 등록하지 못했습니다. 사유를 보고 고쳐 다시 올려 주세요."],
  ["확인 필요", "삭제 목록에 같은 학생이 둘 이상 있어 누구인지 사람이 정해야 합니다."],
];

/** What each word means, for the person at the front desk. */
export const MEANINGS = [
  ["신규", "처음 보는 학생이라 새로 만들어 등록했습니다."],
  ["기존", "이름과 학부모 전화번호가 같은 학생이 있어 그 학생을 등록했습니다."],
  ["복구", "삭제 목록에 있던 같은 학생을 되살려 등록했습니다."],
  ["이미 등록", "이 강의에 벌써 등록되어 있어 그대로 두었습니다."],
  ...SHARED_MEANINGS,
];

/** The same for a list of students without a lecture. */
export const STUDENT_MEANINGS = [
  ["신규", "처음 보는 학생이라 새로 만들었습니다."],
  ["복구", "삭제 목록에 있던 같은 학생을 되살렸습니다."],
  ["이미 있음", "이름과 학부모 전화번호가 같은 학생이 이미 있어 그대로 두었습니다."],
  ...SHARED_MEANINGS,
];

export const SCHOOL_TYPES = /** @type {Record<string, string>} */ ({ ELEMENTARY: "초등학교", MIDDLE: "중학교", HIGH: "고등학교" });

export const GENDERS = /** @type {Record<string, string>} */ ({ M: "남", F: "여" });

export const REQUEST_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  pending: { label: "대기", tone: "info" },
  approved: { label: "승인", tone: "good" },
  rejected: { label: "거절", tone: "calm" },
});

/** Why two students may be one. */
export const ALIKE = /** @type {Record<string, string>} */ ({
  same_phone: "학부모 전화가 같음", similar_name: "이름이 비슷함", same_student_phone: "학생 전화가 같음",
});

/** Why a person was purged. */
export const ERASURE_REASONS = /** @type {Record<string, string>} */ ({
  expired: "보관 기간 30일이 끝남", duplicate: "중복 정리", requested: "직접 영구 삭제", replayed: "백업 복구 뒤 다시 파기", unknown: "알 수 없음",
});

export const MESSAGE_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  QUEUED: { label: "대기", tone: "calm" },
  CLAIMED: { label: "보낼 차례", tone: "info" },
  SENDING: { label: "보내는 중", tone: "info" },
  ACCEPTED: { label: "접수됨", tone: "info" },
  DELIVERED: { label: "도착", tone: "good" },
  FAILED: { label: "실패", tone: "bad" },
  AMBIGUOUS: { label: "확인 필요", tone: "warn" },
  SKIPPED: { label: "제외", tone: "calm" },
  CANCELLED: { label: "취소", tone: "calm" },
});

/** What a message leaves as. */
export const MESSAGE_KINDS = /** @type {Record<string, string>} */ ({ SMS: "단문", LMS: "장문", ATA: "알림톡" });

/** How a person asks for it to be sent. */
export const MESSAGE_MODES = /** @type {Record<string, string>} */ ({ sms: "문자", alimtalk: "알림톡", both: "알림톡, 안 되면 문자" });

export const MESSAGE_CATEGORIES = /** @type {Record<string, string>} */ ({ INFO: "정보", AD: "광고" });

/** Where an Alimtalk template stands with Kakao. */
export const TEMPLATE_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  "": { label: "문자 전용", tone: "calm" },
  PENDING: { label: "알림톡 심사 중", tone: "info" },
  APPROVED: { label: "알림톡 승인", tone: "good" },
  REJECTED: { label: "알림톡 반려", tone: "bad" },
});

export const TEMPLATE_CATEGORIES = /** @type {Record<string, string>} */ ({
  default: "일반", signup: "가입", attendance: "출결", lecture: "수업", exam: "시험", assignment: "과제", grades: "성적", clinic: "클리닉", payment: "결제",
  notice: "공지", community: "소통", staff: "직원",
});

/** What may set off a message by itself, in the order in which it is shown. */
export const TRIGGER_POLICIES = /** @type {Record<string, { label: string, meaning: string }>} */ ({
  system: { label: "늘 보냄", meaning: "가입 승인과 비밀번호처럼 꼭 필요한 알림이라 끌 수 없습니다." },
  automatic: { label: "자동으로 보냄", meaning: "켜 두면 일이 생길 때 바로 보냅니다. 끄면 다른 방법으로도 보내지 않습니다." },
  manual: { label: "확인하고 보냄", meaning: "자동으로 보내지 않습니다. 사람이 미리보기를 확인해야 나갑니다." },
  disabled: { label: "보내지 않음", meaning: "쓰지 않는 알림입니다." },
});

/** What became of what a trigger asked for. */
export const MESSAGE_REQUEST_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  waiting: { label: "확인 대기", tone: "info" },
  queued: { label: "보냄", tone: "good" },
  refused: { label: "보내지 못함", tone: "bad" },
  dismissed: { label: "보내지 않음", tone: "calm" },
});

export const CONSENT_KINDS = /** @type {Record<string, string>} */ ({ ad: "광고 수신", night: "야간 광고 수신" });

/** What the ledger of consents records. */
export const CONSENT_ACTIONS = /** @type {Record<string, string>} */ ({ given: "동의", withdrawn: "철회", confirmed: "재확인", notified: "처리 결과 알림" });

/** How it reached the academy. */
export const CONSENT_WAYS = /** @type {Record<string, string>} */ ({ paper: "서면", web: "웹", phone: "전화", visit: "방문", message: "메시지" });

export const OPT_OUT_SCOPES = /** @type {Record<string, string>} */ ({ ad: "광고만", all: "모든 메시지" });

export const CREDIT_MOVEMENTS = /** @type {Record<string, { label: string, tone: string }>} */ ({
  charge: { label: "충전", tone: "good" },
  reserve: { label: "발송 예약", tone: "calm" },
  settle: { label: "발송 비용", tone: "info" },
  release: { label: "되돌림", tone: "calm" },
});

export const SERVICES = /** @type {Record<string, string>} */ ({
  students: "학생 정보", enrollment: "수강·출결", media: "영상 학습", messaging: "메시지", storage: "파일 보관",
});

/** Kinds of things that belong to a student, over all services. */
export const HOLDINGS = /** @type {Record<string, string>} */ ({
  students: "학생", account: "계정", tags: "태그", photo: "사진", photos: "사진", registration_requests: "가입 신청", parent_names: "학부모 이름",
  enrollments: "수강", session_enrollments: "차시 배정", playback_sessions: "영상 시청", playback_events: "시청 기록", video_progress: "시청 진도", video_access: "영상 접근 설정", attendance: "출결", merges: "합친 기록", import_rows: "명단 행", workbooks: "엑셀 파일",
  profiles: "학생 사본", recipients: "메시지 수신자", messages: "메시지", requests: "알림 요청", events: "전달 기록", answers: "응답 사본", dead_letters: "처리 못 한 전달",
});

/** The services as operators call them; one is not called as its context. */
export const SERVICE_CODES = Object.keys(SERVICES).map((context) => (context === "storage" ? "storage-janitor" : context));

/** What a dry run says of a dead letter, in the order in which it is shown. */
export const FORECASTS = /** @type {Record<string, { label: string, tone: string }>} */ ({
  would_change: { label: "해결됨", tone: "good" },
  already_applied: { label: "이미 처리됨", tone: "calm" },
  still_fails: { label: "여전히 실패", tone: "bad" },
  unreadable: { label: "읽을 수 없음", tone: "bad" },
  untried: { label: "확인 중", tone: "info" },
});

/** Of a cause that no dry run of this build has looked at. */
export const UNJUDGED = { label: "확인 전", tone: "calm" };

/** What became of a letter in a replay. */
export const REPLAY_OUTCOMES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  done: { label: "처리", tone: "good" },
  duplicate: { label: "이미 처리됨", tone: "calm" },
  failed: { label: "다시 실패", tone: "bad" },
  settled: { label: "다른 곳에서 처리", tone: "calm" },
  waiting: { label: "대기", tone: "calm" },
});

export const REPLAY_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  rehearsing: { label: "시험 중", tone: "info" },
  rehearsed: { label: "시험 끝", tone: "info" },
  applying: { label: "적용 중", tone: "info" },
  paused: { label: "일시 정지", tone: "warn" },
  stopped: { label: "멈춤", tone: "bad" },
  done: { label: "끝", tone: "good" },
  cancelled: { label: "취소됨", tone: "calm" },
});

export const LETTER_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  open: { label: "열림", tone: "warn" },
  replayed: { label: "재처리됨", tone: "good" },
  discarded: { label: "폐기됨", tone: "calm" },
});

/** Conditions on dead letters, as they stand in a filter. */
export const CONDITIONS = /** @type {Record<string, string>} */ ({
  type: "이벤트", tenant_id: "학원", fingerprint: "지문", correlation_id: "흐름", since: "부터", until: "까지", ids: "고른 메시지",
});

/** What operators do. */
export const DEEDS = /** @type {Record<string, string>} */ ({
  letter_edited: "메시지 수정", letters_discarded: "메시지 폐기", replay_created: "재처리 시험", replay_approved: "재처리 승인",
  replay_applied: "재처리 적용", replay_paused: "재처리 일시 정지", replay_resumed: "재처리 계속", replay_cancelled: "재처리 취소",
  read_model_rebuilt: "조회 모델 다시 만들기", events_resent: "이벤트 다시 보내기",
  plan_approved: "삭제 계획 승인", plan_rejected: "삭제 계획 거절", plan_applied: "삭제 계획 실행",
  hold_placed: "보존 걸기", hold_ended: "보존 끝내기", erasure_asked: "파기 계획 요청",
});

export const VIDEO_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  PENDING: { label: "업로드 중", tone: "calm" },
  UPLOADED: { label: "인코딩 대기", tone: "info" },
  PROCESSING: { label: "인코딩 중", tone: "info" },
  VIEWABLE: { label: "재생 가능 (고화질 준비 중)", tone: "good" },
  READY: { label: "재생 가능", tone: "good" },
  FAILED: { label: "실패", tone: "bad" },
});

/** What becomes of a file in this tab. */
export const UPLOAD_STATES = /** @type {Record<string, string>} */ ({
  waiting: "차례를 기다리는 중", starting: "준비하는 중", sending: "올리는 중", finishing: "확인하는 중",
  paused: "일시 정지", done: "올림", failed: "올리지 못함", cancelled: "취소함",
});

export const ACCESS_MODES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  FREE_REVIEW: { label: "자유 복습", tone: "good" },
  PROCTORED_CLASS: { label: "출석 수업", tone: "info" },
  BLOCKED: { label: "시청 금지", tone: "bad" },
});

/** What a player tells of. */
export const PLAYBACK_EVENTS = /** @type {Record<string, string>} */ ({
  VISIBILITY_HIDDEN: "화면을 가림", VISIBILITY_VISIBLE: "화면으로 돌아옴", FOCUS_LOST: "다른 창으로 감", FOCUS_GAINED: "창으로 돌아옴",
  SEEK_ATTEMPT: "건너뛰기 시도", SPEED_CHANGE_ATTEMPT: "배속 시도", FULLSCREEN_ENTER: "전체 화면", FULLSCREEN_EXIT: "전체 화면 끝", PLAYER_ERROR: "재생 오류",
});

/** Why a student cannot watch a video. */
export const WATCH_REFUSALS = /** @type {Record<string, string>} */ ({
  not_enrolled: "수강 중인 강의가 아닙니다.", no_session_access: "이 차시에 배정되지 않았습니다.",
  video_not_ready: "아직 준비 중인 영상입니다.", blocked: "시청할 수 없는 영상입니다. 학원에 문의해 주세요.",
});

/** Kinds of bucket of the object store. */
export const BUCKETS = /** @type {Record<string, string>} */ ({ ai: "AI", video: "영상", excel: "엑셀", storage: "파일" });

/** What objects are, by the rule of the retention policy that knows their keys. */
export const OBJECT_CLASSES = /** @type {Record<string, string>} */ ({
  "import-upload": "올린 명단", export: "내보낸 엑셀", "video-raw": "영상 원본", "video-hls": "재생용 영상", photo: "학생 사진",
  "erasure-ledger": "파기 대장", "academy-files": "학원 파일", "student-files": "학생 파일", "ai-files": "AI 파일", unknown: "알 수 없는 형태",
});

/** What the policy says of one object. */
export const VERDICTS = /** @type {Record<string, { label: string, tone: string }>} */ ({
  due: { label: "지울 때가 됨", tone: "warn" },
  waiting: { label: "기간이 남음", tone: "info" },
  needed: { label: "사용 중", tone: "good" },
  young: { label: "지켜보는 중", tone: "info" },
  orphan: { label: "고아 객체", tone: "warn" },
  kept: { label: "계속 보관", tone: "good" },
  unknown: { label: "알 수 없는 형태", tone: "warn" },
  absent: { label: "없음", tone: "calm" },
});

/** Why an object goes, or stays. */
export const REMOVAL_REASONS = /** @type {Record<string, string>} */ ({
  written: "쓴 지 오래됨", ended: "등록 작업이 끝남", expired: "원본 보관 기한이 지남", deleted: "영상이 삭제됨", unreferenced: "가리키는 기록이 없음",
  erased: "파기", wiped: "옛 자료 삭제", needed: "사용 중", kept: "계속 보관", unknown: "알 수 없는 형태", absent: "객체가 없음",
});

/** What the age of an object counts from. */
export const AGE_SINCE = /** @type {Record<string, string>} */ ({ written: "쓴 때", ended: "등록 작업이 끝난 때", expired: "원본 보관 기한", deleted: "영상이 삭제된 때" });

export const PLAN_KINDS = /** @type {Record<string, string>} */ ({ policy: "보관 기간이 끝난 것", orphans: "고아 객체", erasure: "파기", wipe: "옛 자료 삭제" });

export const PLAN_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  planned: { label: "승인 대기", tone: "warn" },
  approved: { label: "실행 대기", tone: "info" },
  applying: { label: "지우는 중", tone: "info" },
  stopped: { label: "멈춤", tone: "bad" },
  done: { label: "끝", tone: "good" },
  rejected: { label: "거절됨", tone: "calm" },
  superseded: { label: "새 계획이 대신함", tone: "calm" },
  expired: { label: "기한 지남", tone: "calm" },
});

/** Why an object of a plan is still there. */
export const KEPT_WORDS = /** @type {Record<string, string>} */ ({
  absent: "이미 없음", changed: "그 사이 바뀜", held: "보존 중", needed: "사용 중", refused: "저장소가 거절",
});

/** What a fuse counts. */
export const FUSE_LIMITS = /** @type {Record<string, string>} */ ({ objects: "개수", bytes: "용량", percent: "버킷에서 차지하는 비율" });

export const HOLD_KINDS = /** @type {Record<string, string>} */ ({ student: "학생", video: "영상", prefix: "키의 앞부분", tenant: "학원 전체" });

export const FINDING_KINDS = /** @type {Record<string, { label: string, tone: string }>} */ ({
  orphan: { label: "고아 객체", tone: "warn" },
  missing: { label: "누락", tone: "bad" },
});

/** How a bucket's own rules are beside the policy. */
export const DRIFT_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  ok: { label: "맞음", tone: "good" },
  drift: { label: "다름", tone: "bad" },
  unsupported: { label: "확인할 수 없음", tone: "warn" },
});

/** What is wrong with a policy's text. */
export const POLICY_PROBLEMS = /** @type {Record<string, string>} */ ({
  not_toml: "TOML 형식이 아닙니다", no_rules: "규칙이 없습니다", repeated_name: "이름이 같은 규칙이 있습니다", missing_field: "빠진 항목입니다",
  unknown_field: "모르는 항목입니다", needless_field: "보관하는 규칙에는 쓰지 않는 항목입니다", bad_word: "true나 false여야 합니다", bad_number: "허용 범위의 정수여야 합니다",
  unknown_bucket: "모르는 버킷입니다", unknown_action: "delete나 keep이어야 합니다", unknown_owner: "이 규칙의 주인이 될 수 없는 서비스입니다",
  unknown_from: "모르는 기준입니다", unknown_placeholder: "모르는 자리표시자입니다", empty_prefix: "고정된 폴더로 시작해야 합니다", bucket_root: "버킷 전체를 가리킵니다",
  no_tenant: "{tenant}가 없습니다", no_age: "보관 기간이 없습니다", bad_age: "기간은 10분 이상이며 90m, 24h, 30d처럼 적습니다", overlap: "같은 키에 맞는 규칙이 둘입니다",
});

/** The marks of attendance in the order of their keys (enrollment.domain.attendance; a test compares them). 퇴원 has none: it is asked for. */
export const ATTENDANCE_STATES = /** @type {Record<string, { label: string, tone: string, key: string }>} */ ({
  PRESENT: { label: "출석", tone: "good", key: "1" },
  LATE: { label: "지각", tone: "warn", key: "2" },
  ABSENT: { label: "결석", tone: "bad", key: "3" },
  EARLY_LEAVE: { label: "조퇴", tone: "warn", key: "4" },
  SUPPLEMENT: { label: "보강", tone: "info", key: "5" },
  ONLINE: { label: "온라인", tone: "info", key: "6" },
  RUNAWAY: { label: "출튀", tone: "bad", key: "7" },
  MATERIAL: { label: "자료", tone: "info", key: "8" },
  INACTIVE: { label: "부재", tone: "calm", key: "9" },
  UNSET: { label: "미입력", tone: "none", key: "0" },
  SECESSION: { label: "퇴원", tone: "gone", key: "" },
});

export const ENROLLMENT_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  ACTIVE: { label: "수강 중", tone: "good" },
  INACTIVE: { label: "종료", tone: "calm" },
  PENDING: { label: "대기", tone: "info" },
});

export const SESSION_TYPES = /** @type {Record<string, string>} */ ({ REGULAR: "정규", SUPPLEMENT: "보강" });

/** Workbooks that are made on request, or come with an import. */
export const EXPORT_KINDS = /** @type {Record<string, string>} */ ({
  attendance: "출결", roster: "수강생", import_results: "등록 결과표", result_workbook: "결과를 적은 원본", failed_rows: "실패한 행만",
});

export const EXPORT_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  PENDING: { label: "차례 기다림", tone: "calm" },
  RUNNING: { label: "만드는 중", tone: "info" },
  DONE: { label: "받을 수 있음", tone: "good" },
  FAILED: { label: "실패", tone: "bad" },
  EXPIRED: { label: "기간 지남", tone: "calm" },
});

export const UNDO_STATES = /** @type {Record<string, { label: string, tone: string }>} */ ({
  UNDOING: { label: "되돌리는 중", tone: "info" },
  UNDONE: { label: "되돌림", tone: "calm" },
});

/** Why a row of an import could not be taken back. */
export const UNDO_REASONS = /** @type {Record<string, string>} */ ({
  enrollment_changed: "가져온 뒤에 출결이나 수강 상태가 바뀌어 그대로 두었습니다.",
  student_changed: "가져온 뒤에 학생 정보가 바뀌었거나 다른 곳에서 쓰고 있어 그대로 두었습니다.",
});
