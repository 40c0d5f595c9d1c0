"""What a handler can say about a failure; everything else it raises is a bug: retried, then dead."""

from __future__ import annotations

from datetime import datetime, timedelta


class TransientError(Exception):
    """Try again later; `after` says when, else the consumer's backoff does."""

    def __init__(self, message: str = "", *, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


class UnavailableError(TransientError):
    """Something the service depends on is down: the message is not at fault and is never dead for it."""


class PermanentError(Exception):
    """Dead letter at once. `code` is a stable word; neither it nor `detail` carries personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class UndecodableError(PermanentError):
    """The message is not an event that this build can read."""


class UnreadableHereError(UndecodableError):
    """An event that this build does not know, but another one may; published at `time`."""

    def __init__(self, code: str, time: datetime) -> None:
        super().__init__(code)
        self.time = time


class UnknownOutcomeError(Exception):
    """An effect outside the database may have happened: dead letter, never tried again blindly."""
