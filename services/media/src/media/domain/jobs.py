"""Encode jobs: their states and steps, and what becomes of one that fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class JobState(StrEnum):
    """QUEUED, RETRY_WAIT (after a transient failure): waiting. RUNNING: has an encoder. FAILED: the video
    is at fault. DEAD: too many transient failures. CANCELLED: the video was deleted.
    """

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    RETRY_WAIT = "RETRY_WAIT"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"


WAITING = (JobState.QUEUED, JobState.RETRY_WAIT)
ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.RETRY_WAIT)
"""At most one of a video's jobs is in these (unique index)."""

MAX_FAILURES = 5
"""Reference A4 (VIDEO_JOB_MAX_ATTEMPTS); an attempt that was handed back is no failure."""
LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=15)
STALL_LIMIT = timedelta(minutes=15)
"""Reference F6: an encoder that lives but does not move is stopped, or it holds its job for a day."""
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=30)


class Step(StrEnum):
    """What people see an encoder do (reference A4), in this order; a long video does the middle twice."""

    PREPARING = "preparing"
    DOWNLOADING = "downloading"
    PROBING = "probing"
    TRANSCODING = "transcoding"
    VALIDATING = "validating"
    THUMBNAIL = "thumbnail"
    UPLOADING = "uploading"

    @property
    def label(self) -> str:
        """The Korean word shown to people."""
        return _LABELS[self]

    @property
    def position(self) -> int:
        """1 for the first of STEPS."""
        return STEPS.index(self) + 1


STEPS = tuple(Step)
_LABELS = {
    Step.PREPARING: "준비",
    Step.DOWNLOADING: "원본 내려받기",
    Step.PROBING: "원본 확인",
    Step.TRANSCODING: "인코딩",
    Step.VALIDATING: "결과 검사",
    Step.THUMBNAIL: "썸네일 만들기",
    Step.UPLOADING: "올리기",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a job; `wait` is until the next try, None when there is none."""

    state: JobState
    wait: timedelta | None


def verdict(*, permanent: bool, failures: int, jitter: float) -> Verdict:
    """After the `failures`-th failure, this one counted; `jitter` is the caller's random number from 0 to 1.

    Full jitter (AWS: "Exponential Backoff And Jitter") under 1, 2, 4 … at most 30 minutes.
    """
    if permanent:
        return Verdict(JobState.FAILED, None)
    if failures >= MAX_FAILURES:
        return Verdict(JobState.DEAD, None)
    return Verdict(JobState.RETRY_WAIT, min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (failures - 1)) * jitter)
