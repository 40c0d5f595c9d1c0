"""Whoever asked for messages is told what became of them, and a video's parents are, where that is on."""

from uuid import UUID

import pytest
from eventkit.envelope import decode
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging.domain.recipients import Fingerprints
from messaging.handlers import (
    on_enrollment_changed,
    on_message_requested,
    on_message_settled,
    on_video_ready,
)

ASKED, VIDEO = "clinic_cancelled", "video_encoding_complete"
LECTURE, OTHER_LECTURE = str(UUID(int=31)), str(UUID(int=32))
PRINTS = Fingerprints(b"k" * 32)


@pytest.fixture
def hear(academy):
    """One event, by its handler."""

    def run(handler, event, **ports):
        with unit_of_work(academy.db.database, event.tenantid, Cause.of(event), source="messaging") as uow:
            handler(uow, [event], **ports)

    return run


@pytest.fixture
def said(academy):
    """Every event of a type that was published, oldest first."""

    def read(type):
        rows = academy.all("SELECT body FROM outbox WHERE type = %s ORDER BY seq", type)
        return [decode(body) for (body,) in rows]

    return read


@pytest.fixture
def says(desk_of):
    def run(trigger, content="#{student_name} 알림", **changes):
        manager = desk_of(role="admin")
        template = manager.template(name=f"틀 {trigger}", content=content)
        manager.patch("auto-send/", trigger=trigger, template_id=template["id"], **changes)

    return run


@pytest.fixture
def asked(says, desk, hear, make_event, academy):
    """Three messages of one request; their ids, in the order of their numbers."""
    says(ASKED)
    people = desk.students(*((f"학생{n}", f"0100000000{n}") for n in range(3)))
    data = {
        "trigger": ASKED, "target": "parent", "occurrence": "2026-03-02", "variables": {},
        "students": {"student_id": people},
    }  # fmt: skip
    event = make_event("messaging.message.requested", "hangang", data)
    hear(on_message_requested, event, prints=PRINTS, clock=academy.clock)
    rows = academy.all("SELECT m.id FROM message m JOIN message_body b ON b.message_id = m.id ORDER BY phone")
    return event, [one for (one,) in rows]


def outcomes(events):
    return {(one.data["outcome"], *zip(*one.data["messages"].values(), strict=True)) for one in events}


def test_each_end_is_told_once_in_the_flow_of_what_asked(asked, academy, provider, desk, said, hear):
    event, (first, second, third) = asked
    desk.post(f"messages/{third}/cancel/")
    academy.send()
    provider.ends(first, "4000")
    provider.ends(second, "3043")
    academy.pass_time(minutes=11)
    academy.resolve()
    told = said("messaging.message.settled")
    assert outcomes(told) == {
        ("CANCELLED", (str(third), "cancelled")),
        ("DELIVERED", (str(first), None)),
        ("FAILED", (str(second), "3043")),
    }
    assert {one.correlationid for one in told} == {event.correlationid}
    assert {one.causationid for one in told} == {str(event.id)}
    for one in told:
        hear(on_message_settled, one)
    request = desk.get("requests/")["results"][0]
    names = ("queued", "delivered", "failed", "dropped", "unreported")
    assert [request[name] for name in names] == [3, 1, 1, 1, 0]


def test_what_the_provider_never_reports_is_told_after_three_days(asked, academy, provider, said, hear, desk):
    academy.send()
    for one in asked[1]:
        provider.ends(one, "3000")
    academy.pass_time(hours=73)
    academy.resolve()
    (told,) = said("messaging.message.settled")
    assert (told.data["outcome"], told.data["messages"]["code"]) == ("ACCEPTED", ["no_report"] * 3)
    hear(on_message_settled, told)
    assert desk.get("requests/")["results"][0]["unreported"] == 3


def test_a_guard_that_keeps_one_back_is_told_and_a_bulk_send_is_not(asked, academy, said):
    academy.db.admin.execute(
        "INSERT INTO denylist (tenant_id, fingerprint, reason, created_by) VALUES (%s, %s, '잘못', 'user-1')",
        ["hangang", PRINTS.of("hangang", "01000000001")],
    )
    academy.queue_many(3, occurrence="bulk")
    academy.send()
    assert outcomes(said("messaging.message.settled")) == {("SKIPPED", (str(asked[1][1]), "denylisted"))}


# a video


@pytest.fixture
def ready(desk, hear, make_event):
    """Three students, one of another lecture and one who left; `ready()`: a video of theirs plays."""
    people = desk.students(*((f"학생{n}", f"0100000000{n}") for n in range(3)))

    def enroll(student, lecture, status="ACTIVE"):
        row = {
            "enrollment_id": [str(UUID(int=int(student.replace("-", ""), 16) ^ 1))],
            "lecture_id": [lecture], "student_id": [student], "status": [status],
            "version": [1], "deleted": [False],
        }  # fmt: skip
        event = make_event("enrollment.enrollment.changed", "hangang", {"enrollments": row})
        hear(on_enrollment_changed, event)

    enroll(people[0], LECTURE)
    enroll(people[1], OTHER_LECTURE)
    enroll(people[2], LECTURE, "INACTIVE")

    def run(tenant="hangang", **titles):
        data = {
            "video_id": str(UUID(int=9)), "lecture_id": LECTURE, "session_id": str(UUID(int=8)),
            "duration_ms": 60_000, "hls_prefix": "p/", "hls_bytes": 1, "raw_key": "k",
            "raw_expires_at": None, **titles,
        }  # fmt: skip
        hear(on_video_ready, make_event("media.video.ready", tenant, data))
        return people[0]

    return run


def test_a_video_that_plays_sends_nothing_until_it_is_switched_on(ready, says, said, academy):
    ready()
    says(VIDEO, content="#{lecture} #{title} 영상이 준비되었습니다.")
    ready()
    assert said("messaging.message.requested") == []
    assert academy.states() == {}


def test_a_video_s_parents_are_told_once(ready, says, said, hear, academy, provider):
    says(VIDEO, content="#{lecture} #{title} 영상이 준비되었습니다.", enabled=True)
    student = ready(title="1강", lecture_title="중2 수학")
    ready("other", title="1강", lecture_title="중2 수학")
    (event,) = said("messaging.message.requested")
    assert (event.tenantid, event.data["students"]["student_id"]) == ("hangang", [student])
    ready(title="1강", lecture_title="중2 수학")  # encoded anew
    for one in said("messaging.message.requested"):
        hear(on_message_requested, one, prints=PRINTS, clock=academy.clock)
    academy.send()
    texts = [(one.phone, one.text) for call in provider.calls for one in call]
    assert texts == [("01000000000", "중2 수학 1강 영상이 준비되었습니다.")]


def test_a_build_of_media_that_tells_no_title_is_seen_as_refused(ready, says, said, hear, academy, desk):
    says(VIDEO, content="#{title} 영상이 준비되었습니다.", enabled=True)
    ready()
    (event,) = said("messaging.message.requested")
    hear(on_message_requested, event, prints=PRINTS, clock=academy.clock)
    request = desk.get("requests/")["results"][0]
    assert (request["state"], request["code"]) == ("refused", "missing_variables")
