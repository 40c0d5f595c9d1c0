"""Writers race the janitor at every point where something could change under it.

A model of the owners (what they refer to, and their rule that what is released stays so) acts while the
janitor lists, asks, is about to delete and has just deleted; events arrive late, in any order; processes die.
Nothing goes that a row refers to at that moment or that a hold is on; whatever the policy says does go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from eventkit.errors import TransientError
from eventkit.lease import LeaseBusyError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from storage_janitor.domain.plans import PlanState
from storage_janitor.store import holds, plans
from storage_janitor.usecases import planning
from testkit.points import Crash

TENANT, SESSION = "hangang", UUID(int=2)
PICK = st.integers(0, 30)
ACTIONS = (
    "begin", "upload", "ready", "keep", "unkeep", "retry", "delete", "expire", "late_segment", "import",
    "end_import", "export", "rewrite_export", "photo", "trash", "restore", "purge", "hold", "hold_video",
    "deliver", "strange", "crash",
)  # fmt: skip
MOMENTS = ("listed", "asked", "before", "after")


@dataclass
class Video:
    """As the media service has it: what is released can be neither kept nor encoded again."""

    id: UUID
    raw: str
    state: str = "pending"
    keep: bool = False
    expires: datetime | None = None
    released: bool = False

    @property
    def prefix(self) -> str:
        return f"tenants/{TENANT}/video/hls/{self.id}/"


class Race(RuleBasedStateMachine):
    """`janitor` is set by the test; each example begins with empty tables and buckets."""

    janitor: Any
    numbers = count(1)

    @initialize(held=st.booleans())
    def begin_anew(self, held: bool) -> None:
        j = self.janitor
        j.empty()
        self.videos: list[Video] = []
        self.imports: dict[str, bool] = {}  # key → running
        self.students: dict[str, str] = {}  # key of the photo → there, in the trash, or purged
        self.holds: list[tuple[str, str]] = []  # (bucket, prefix)
        self.held: list[Video] = []
        self.events: list[Any] = []
        self.plans: dict[str, list[tuple[str, int]]] = {moment: [] for moment in MOMENTS}
        self.deleted: Counter[str] = Counter()
        self.late: set[str] = set()
        self.deleting = False
        j.owners.released = self.released
        for bucket in j.memory.values():
            bucket.listed = lambda keys: self.act("listed")
            bucket.before = lambda keys, bucket=bucket: self.about_to_delete(bucket, keys)
            bucket.after = self.just_deleted
        self.begin_with_some(("hold", "hold_video") if held else ())

    def begin_with_some(self, more: tuple[str, ...]) -> None:
        """Two videos are READY and told, and there is one of everything else: a life takes many steps."""
        begin = ("begin", "upload", "ready")
        for action in (*begin, *begin, "import", "export", "photo", "deliver", *more):
            getattr(self, f"do_{action}")(0)

    # -- the janitor, disturbed

    @rule(at=st.lists(st.tuples(st.sampled_from(MOMENTS), st.sampled_from(ACTIONS), PICK), max_size=4))
    def work(self, at: Sequence[tuple[str, str, int]]) -> None:
        """Everything that is done on time, while others act at these moments."""
        for moment, action, pick in at:
            self.plans[moment].append((action, pick))
        try:
            self.tasks()
        except (Crash, TransientError, LeaseBusyError):
            self.janitor.later(minutes=11)  # whoever comes next finds the leases of the dead one over
        for waiting in self.plans.values():
            waiting.clear()

    def tasks(self) -> None:
        j = self.janitor
        j.run()
        j.sweep()
        self.approve()
        j.later(minutes=61)
        j.apply()

    def approve(self) -> None:
        j = self.janitor
        with j.db.system() as conn:
            waiting = plans.listing(state=PlanState.PLANNED, kind=None)
            for row in conn.execute(waiting).all():
                planning.approve(conn, row.id, row.digest, "approver-1", j.clock.now())

    @rule(hours=st.sampled_from([1, 25, 80, 24 * 31]))
    def wait(self, hours: int) -> None:
        self.janitor.later(hours=hours)

    @rule(action=st.sampled_from(ACTIONS), pick=PICK)
    def others(self, action: str, pick: int) -> None:
        """Between the janitor's runs."""
        if action != "crash":
            getattr(self, f"do_{action}")(pick)

    # -- what may not happen

    def about_to_delete(self, bucket: Any, keys: Sequence[str]) -> None:
        held = {key for key in keys if self.is_held(bucket.kind, key)}
        a_day_ago = self.janitor.clock.now() - timedelta(days=1)
        young = {k for k in keys if k.startswith("exports/") and bucket.content[k].written_at > a_day_ago}
        assert not young, "it has not been there for 24 hours"
        self.deleting = True
        try:
            self.act("before")
        finally:
            self.deleting = False
        assert not held, "a hold was on it before it was attempted"
        needed = {key for key in keys if self.is_needed(key)}
        assert not needed, "a row refers to it"
        self.late = {key for key in keys if key in bucket.content}

    def just_deleted(self, keys: Sequence[str]) -> None:
        self.deleted.update(self.late)
        self.act("after")

    def is_held(self, kind: str, key: str) -> bool:
        if any(key == video.raw or key.startswith(video.prefix) for video in self.held):
            return True
        return any(kind == bucket and key.startswith(prefix) for bucket, prefix in self.holds)

    def is_needed(self, key: str) -> bool:
        if key in self.imports:
            return self.imports[key]
        if key in self.students:
            return self.students[key] != "purged"
        for video in self.videos:
            if key == video.raw:
                return video.state != "deleted" and not video.released
            if key.startswith(video.prefix):
                return video.state != "deleted"
        return key.startswith("strange/")

    def released(self, _owner: str, _tenant: str, keys: Collection[str], /) -> set[str]:
        self.act("asked")
        return {key for key in keys if not self.is_needed(key)}

    def act(self, moment: str) -> None:
        waiting, self.plans[moment] = self.plans[moment], []
        for action, pick in waiting:
            getattr(self, f"do_{action}")(pick)

    # -- what others do

    def one(self, pick: int, *states: str) -> Video | None:
        found = [video for video in self.videos if video.state in states]
        return found[pick % len(found)] if found else None

    def say(self, type: str, video: Video, **changes: Any) -> None:
        self.events.append(self.janitor.event(type, video.id, raw_key=video.raw, **changes))

    def do_begin(self, _pick: int) -> None:
        number = next(self.numbers)
        raw = f"tenants/{TENANT}/video/raw/{SESSION}/{UUID(int=number)}.mp4"
        self.videos.append(Video(UUID(int=number), raw))

    def do_upload(self, pick: int) -> None:
        if video := self.one(pick, "pending"):
            video.state = "uploaded"
            self.janitor.store(video.raw)
            self.say("media.video.uploaded", video)

    def do_ready(self, pick: int) -> None:
        if video := self.one(pick, "uploaded"):
            video.state = "ready"
            self.janitor.store(f"{video.prefix}master.m3u8", f"{video.prefix}a-1/v1/00000.m4s")
            video.expires = None if video.keep else self.janitor.clock.now() + timedelta(days=30)
            self.say_ready(video)

    def say_ready(self, video: Video) -> None:
        expires = video.expires and video.expires.isoformat()
        self.say("media.video.ready", video, raw_expires_at=expires)

    def do_keep(self, pick: int) -> None:
        if (video := self.one(pick, "ready")) and not video.released:
            video.keep, video.expires = True, None
            self.say_ready(video)

    def do_unkeep(self, pick: int) -> None:
        if (video := self.one(pick, "ready")) and video.keep and not video.released:
            video.keep, video.expires = False, self.janitor.clock.now() + timedelta(days=1)
            self.say_ready(video)

    def do_retry(self, pick: int) -> None:
        if (video := self.one(pick, "ready")) and not video.released:
            video.state, video.expires = "uploaded", None
            self.say("media.video.uploaded", video)

    def do_delete(self, pick: int) -> None:
        if video := self.one(pick, "pending", "uploaded", "ready"):
            video.state = "deleted"
            self.events.append(self.janitor.event("media.video.deleted", video.id, raw_key=video.raw))

    def do_expire(self, pick: int) -> None:
        video = self.one(pick, "ready")
        if video and video.expires and video.expires <= self.janitor.clock.now():
            video.released = True
            self.say("media.raw.expired", video)

    def do_late_segment(self, pick: int) -> None:
        """An encoder that has not heard of the deletion."""
        if video := self.one(pick, "ready", "deleted"):
            self.janitor.store(f"{video.prefix}b-2/v1/00000.m4s")

    def do_import(self, _pick: int) -> None:
        key = f"excel/{TENANT}/{UUID(int=next(self.numbers))}.xlsx"
        self.janitor.excel.put(key)
        self.imports[key] = True

    def do_end_import(self, pick: int) -> None:
        running = [key for key, runs in self.imports.items() if runs]
        if running:
            key = running[pick % len(running)]
            self.imports[key] = False
            job = key.rpartition("/")[2].removesuffix(".xlsx")
            data = {"job_id": job, "lecture_id": None, "dry_run": False, "object_key": key}
            figures = {"enrolled_count": 1, "rows_total": 1}
            ended = self.janitor.make_event("enrollment.import.completed", TENANT, data | figures)
            self.events.append(ended)

    def do_export(self, _pick: int) -> None:
        self.janitor.excel.put(f"exports/{TENANT}/{UUID(int=next(self.numbers))}_출석부.xlsx")

    def do_rewrite_export(self, pick: int) -> None:
        """Not between check and deletion: R2 deletes without conditions. No owner writes a key twice."""
        keys = sorted(key for key in self.janitor.excel.content if key.startswith("exports/"))
        if keys and not self.deleting:
            self.janitor.excel.put(keys[pick % len(keys)])

    def do_photo(self, _pick: int) -> None:
        key = f"photos/{TENANT}/{UUID(int=next(self.numbers))}"
        self.janitor.memory["storage"].put(key)
        self.students[key] = "there"

    def do_trash(self, pick: int) -> None:
        self.move_student(pick, "there", "trash")

    def do_restore(self, pick: int) -> None:
        self.move_student(pick, "trash", "there")

    def do_purge(self, pick: int) -> None:
        self.move_student(pick, "trash", "purged")

    def move_student(self, pick: int, before: str, after: str) -> None:
        found = [key for key, state in self.students.items() if state == before]
        if found:
            self.students[found[pick % len(found)]] = after

    def do_hold(self, pick: int) -> None:
        bucket, prefix = [
            ("excel", f"exports/{TENANT}/"),
            ("video", f"tenants/{TENANT}/video/raw/"),
            ("storage", "photos/"),
        ][pick % 3]
        self.hold("prefix", prefix, bucket)
        self.holds.append((bucket, prefix))

    def do_hold_video(self, pick: int) -> None:
        """Of which the janitor has heard: before, nothing of it can be due."""
        known = {video for _, video, _ in self.janitor.videos()}
        found = [video for video in self.videos if video.id in known]
        if found:
            video = found[pick % len(found)]
            self.hold("video", str(video.id), None)
            self.held.append(video)

    def hold(self, kind: str, value: str, bucket: str | None) -> None:
        values = {"kind": kind, "tenant_id": TENANT, "bucket": bucket, "value": value, "reason": "분쟁"}
        ends = self.janitor.clock.now() + timedelta(days=3650)
        with self.janitor.db.system() as conn:
            holds.add(conn, {**values, "created_by": "operator-1", "expires_at": ends})

    def do_deliver(self, pick: int) -> None:
        """All events that are on their way, or one, not the oldest necessarily; now and then twice."""
        if pick % 3 == 0:
            self.janitor.hear(*self.events)
            self.events.clear()
        elif self.events:
            at = pick % len(self.events)
            self.janitor.hear(self.events[at])
            if pick % 5:
                del self.events[at]

    def do_strange(self, _pick: int) -> None:
        self.janitor.objects.put(f"strange/{next(self.numbers)}")

    def do_crash(self, _pick: int) -> None:
        raise Crash

    # -- the end: what the policy says has gone, and the ledger has it

    def teardown(self) -> None:
        j = self.janitor
        j.admin.execute("UPDATE hold SET ended_at = now()")
        self.holds.clear()
        self.held.clear()
        for event in self.events:
            j.hear(event)
        for video in self.videos:
            if video.state == "ready" and video.expires and not video.released:
                video.released = True
                j.hear(j.event("media.raw.expired", video.id, raw_key=video.raw))
        for _ in range(2):
            j.later(days=40)
            self.tasks()
        left = {key for bucket in j.memory.values() for key in bucket.content}
        assert {key for key in left if not self.is_needed(key)} == set()
        gone = [key for (key,) in j.admin.execute("SELECT key FROM ledger").fetchall()]
        assert Counter(gone) == self.deleted
        assert j.verified().broken_at is None
        assert j.admin.execute("SELECT count(*) FROM attempt").fetchone() == (0,)


@pytest.mark.slow
def test_nothing_needed_goes_and_everything_due_does(janitor):
    Race.janitor = janitor
    run_state_machine_as_test(
        Race,
        settings=settings(
            max_examples=3,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
