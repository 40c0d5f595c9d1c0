/** How a periodic task is doing. Pure. */
import { age } from "../format.js";

/** A worker looks at the due time once a minute. */
const LATE_MS = 2 * 60_000;
const UNFINISHED = "unfinished"; // written when a run begins, and gone when it ends

/** @typedef {import("./client.js").Task} Task */

/** @returns {{ tone: string, label: string, trouble: boolean }} */
export function taskState(/** @type {Task} */ task, now = Date.now()) {
  const late = task.due_at ? now - Date.parse(task.due_at) : 0;
  if (task.last_error && task.last_error !== UNFINISHED) return { tone: "bad", label: "실패", trouble: true };
  if (task.last_error && late > 0) return { tone: "bad", label: "시작하고 끝나지 않음", trouble: true };
  if (task.last_error) return { tone: "info", label: "실행 중", trouble: false };
  if (late > LATE_MS) return { tone: "bad", label: `밀림 (${age(late / 1000)}째)`, trouble: true };
  return task.finished_at ? { tone: "good", label: "정상", trouble: false } : { tone: "calm", label: "아직 실행 전", trouble: false };
}
