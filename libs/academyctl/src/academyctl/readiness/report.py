"""What a check says, and the whole as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from academyctl.table import align

READY, NOT_READY, UNPROVEN = 0, 1, 3
VALUES = "env.missing, env.shape"
"""The checks to blame when a service has no usable value of a variable."""


class Status(StrEnum):
    """A SKIP is no pass: nothing is known."""

    PASS = "PASS"  # noqa: S105 - a status
    SKIP = "SKIP"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Verdict:
    """About one `subject` (a service, a queue, a variable …). `reason` and `fix` are Korean, a line each.

    They name variables, roles and buckets, never the value of a secret. A pass needs no fix.
    """

    status: Status
    subject: str
    reason: str
    fix: str = ""


def passed(subject: str, reason: str) -> Verdict:
    return Verdict(Status.PASS, subject, reason)


def failed(subject: str, reason: str, fix: str) -> Verdict:
    return Verdict(Status.FAIL, subject, reason, fix)


def skipped(subject: str, reason: str, fix: str) -> Verdict:
    return Verdict(Status.SKIP, subject, reason, fix)


def skipped_after(code: str, subject: str) -> Verdict:
    """What cannot be asked before `code` passes."""
    return skipped(subject, f"{code} 때문에 확인하지 못했습니다", f"{code} 줄부터 해결하세요")


@dataclass(frozen=True, slots=True)
class Line:
    """A verdict and the stable code of its check."""

    code: str
    verdict: Verdict


class Report:
    """All lines of one run, in the order of the checks."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.counts = Counter(line.verdict.status for line in lines)

    @property
    def exit_code(self) -> int:
        """READY: everything passed; NOT_READY: something failed; UNPROVEN: something was skipped."""
        if self.counts[Status.FAIL]:
            return NOT_READY
        return UNPROVEN if self.counts[Status.SKIP] else READY

    def json(self) -> str:
        """An object of `ready`, `counts` (by status) and `lines` (code, status, subject, reason, fix)."""
        document = {
            "ready": self.exit_code == READY,
            "counts": {status: self.counts[status] for status in Status},
            "lines": [{"code": line.code, **asdict(line.verdict)} for line in self.lines],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    def text(self) -> Iterator[str]:
        """A line per verdict, its fix below it: what passed first, what failed last; then the outcome."""
        order = list(Status)
        lines = sorted(self.lines, key=lambda line: order.index(line.verdict.status))
        rows = [(line.verdict.status, line.code, line.verdict.subject) for line in lines]
        for head, line in zip(align(rows), lines, strict=True):
            yield f"{head} — {line.verdict.reason}"
            if line.verdict.fix:
                yield f"      → {line.verdict.fix}"
        counts = " · ".join(f"{status} {self.counts[status]}" for status in Status)
        yield f"\n{counts}: {_OUTCOME[self.exit_code]}"


_OUTCOME = {
    READY: "준비되었습니다",
    NOT_READY: "준비되지 않았습니다",
    UNPROVEN: "확인하지 못한 것이 있어 준비되었다고 할 수 없습니다",
}
