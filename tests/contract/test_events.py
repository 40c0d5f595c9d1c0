"""Every event type, from the code that really publishes it to each service that really handles it."""

from uuid import uuid4

import pytest
from contracts import REGISTRY, SERVICES
from testkit.cinema import Cinema
from testkit.waiting import wait_until
from testkit.workbooks import HEADER, workbook

pytestmark = pytest.mark.stack

ROSTER = [
    HEADER,
    ("김하나", "01012345678", "", "", "", "", ""),
    ("이두리", "01012345679", "", "", "", "", ""),
]
NO_ROSTER = [("공지사항",), ("다음 주는 휴강입니다",)]
STUDENTS = "/api/v1/students"
MESSAGING = "/api/v1/messaging"
JOBS = "/api/v1/enrollments/excel_jobs"
EXPORTS = "/api/v1/enrollments/exports"


@pytest.fixture
def academy(stack):
    return Cinema(stack, f"t-{uuid4().hex[:12]}")


def test_every_event_type_is_published_and_handled_by_every_subscriber(academy, tmp_path, videos):
    video = encode_and_expire(academy, videos)
    lecture = academy.lecture("중2 수학")
    assert academy.run(lecture, workbook(tmp_path / "a.xlsx", {"명단": ROSTER}))["status"] == "DONE"
    assert academy.run(lecture, workbook(tmp_path / "b.xlsx", {"공지": NO_ROSTER}))["status"] == "FAILED"
    academy.settle()
    plan_review_export_and_take_back(academy, tmp_path)
    ask_for_a_message(academy)
    merge_and_purge(academy)
    original_gone_then_all(academy, video)
    academy.settle()
    assert academy.routes() == {(t.name, service) for t in REGISTRY for service in t.subscribers}
    assert academy.unaccounted() == []


def plan_review_export_and_take_back(academy, tmp_path):
    """A plan is carried out, a person decides on one, and all of it is taken back."""
    academy.query(
        "INSERT INTO students.student (id, tenant_id, name, name_key, parent_phone, deleted_at)"
        " SELECT gen_random_uuid(), %(tenant)s, '박세찬', '박세찬', '01012345670', now()"
        " FROM generate_series(1, 2) RETURNING 1"
    )
    lecture = academy.lecture("중3 과학")
    rows = [HEADER, ("박세찬", "01012345670", *[""] * 5), ("최네온", "01012345671", *[""] * 5)]
    plan = academy.run(lecture, workbook(tmp_path / "c.xlsx", {"명단": rows}), dry_run="true")
    job = academy.api.post(f"{JOBS}/{plan['job_id']}/apply/", {})["job_id"]
    assert academy.finish(job)["result"]["review_count"] == 1
    made = {"row": 2, "action": "create"}
    academy.api.post(f"{JOBS}/{job}/review/", {"decisions": [made]})
    assert academy.finish(job)["result"]["enrolled_count"] == 2
    export = academy.api.post(f"{EXPORTS}/", {"kind": "roster", "target_id": lecture})["id"]
    wait_until(lambda: academy.api.get(f"{EXPORTS}/{export}/")["status"] == "DONE", 60, interval=0.2)
    academy.api.post(f"{JOBS}/{job}/undo/", {})
    wait_until(lambda: academy.status(job)["undo"]["status"] == "UNDONE", 60, interval=0.2)
    assert academy.status(job)["undo"]["undone"] == 2


def ask_for_a_message(academy):
    """By a trigger that waits for somebody's confirmation; delivered, at no price."""
    trigger, students = "absent_occurred", academy.api.get(f"{STUDENTS}/")["results"]
    template = {"category": "attendance", "name": "결석", "content": "#{student_name} 결석 안내"}
    made = academy.api.post(f"{MESSAGING}/templates/", template)
    academy.api.patch(f"{MESSAGING}/auto-send/", {"trigger": trigger, "template_id": made["id"]})
    academy.api.get(f"{MESSAGING}/info/")  # makes the row
    academy.query(
        "UPDATE messaging.tenant_setting SET sender = '0212345678', sms_price = 0, lms_price = 0"
        " WHERE tenant_id = %(tenant)s RETURNING 1"
    )
    body = {
        "trigger": trigger,
        "occurrence": "2026-03-02",
        "student_ids": [student["id"] for student in students],
    }
    request = academy.api.post(f"{MESSAGING}/requests/", body)["id"]
    asked = f"SELECT state, delivered FROM messaging.request WHERE id = '{request}'"
    wait_until(lambda: academy.query(asked), 60, interval=0.2)
    academy.api.post(f"{MESSAGING}/requests/{request}/confirm/", {})
    wait_until(lambda: academy.query(asked) == [("queued", len(students))], 90, interval=0.2)


def merge_and_purge(academy):
    """Merge the two, take it back, and purge one."""
    page = academy.api.get(f"{STUDENTS}/")
    winner, loser = (student["id"] for student in page["results"])
    merged = academy.api.post(f"{STUDENTS}/merge/", {"winner_id": winner, "loser_id": loser})
    academy.api.post(f"{STUDENTS}/merges/{merged['merge_id']}/undo/", {})
    academy.api.post(f"{STUDENTS}/bulk_delete/", {"ids": [loser]})
    done = academy.api.post(f"{STUDENTS}/bulk_permanent_delete/", {"ids": [loser]})
    assert done["deleted"] == 1, done
    wait_until(lambda: academy.api.get(f"{STUDENTS}/erasures/{loser}/")["complete"], 90, interval=0.2)


def encode_and_expire(academy, videos):
    """A READY video whose original may go, beside one that is none; the task looks once a minute."""
    assert academy.video(academy.send(videos.path("pdf")))["status"] == "FAILED"
    video = academy.send(videos.path("silent"))
    assert academy.encoded(video)["status"] == "READY"
    academy.query(f"UPDATE media.video SET raw_expires_at = now() WHERE id = '{video}' RETURNING 1")
    academy.query("UPDATE media.periodic_task SET due_at = now() WHERE name = 'media.expire_raw' RETURNING 1")
    return video


def original_gone_then_all(academy, video):
    state = f"SELECT raw_deleted_at, cleaned_at FROM media.video WHERE id = '{video}'"
    wait_until(lambda: academy.query(state)[0][0], 150, interval=0.5)
    academy.delete(video)
    wait_until(lambda: academy.query(state)[0][1], 60, interval=0.5)


def test_nothing_was_dead_lettered(stack):
    sqs = stack.endpoints.sqs()
    waiting = {}
    for service in SERVICES:
        url = sqs.get_queue_url(QueueName=f"academy-{service}-events-dlq")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        waiting[service] = attributes["Attributes"]["ApproximateNumberOfMessages"]
    assert set(waiting.values()) == {"0"}
