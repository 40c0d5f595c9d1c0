"""What staff sets for a student, and what they see of who watched."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from media.domain.progress import RISK_WEIGHTS
from media.handlers import on_enrollment_changed
from media.usecases.playback import expire_sessions, prune_events
from testkit.api import refused

VIDEOS = "/api/v1/media/videos/"
EVENTS = "/api/v1/media/video-playback-events/"
NOW = datetime.now(UTC).isoformat()


def event(client_id, kind="VISIBILITY_HIDDEN", **changed):
    return {"client_id": client_id, "type": kind, "position": 1.5, "occurred_at": NOW, **changed}


@pytest.fixture
def staff(academy):
    return academy.staff()


def got(answer):
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_what_is_set_for_one_student_ends_what_that_one_has_open(academy, staff):
    video, player, other = academy.video(), academy.student("ONLINE"), academy.student("ONLINE")
    token, beside = player.started(video)["token"], other.started(video)["token"]
    path = f"{VIDEOS}{video}/access/{player.enrollment}/"
    shown = got(staff.put(path, json={"mode": "FREE_REVIEW", "max_speed": 1.75, "allow_skip": False}))
    assert shown["access_mode"] == "FREE_REVIEW"
    override = {"mode": "FREE_REVIEW", "allow_skip": False, "max_speed": 1.75, "show_watermark": None}
    assert shown["override"] == override
    assert player.beat(token, 1)[1]["code"] in {"session_inactive", "policy_changed"}
    assert other.beat(beside, 1)[0] == 200
    begun = player.started(video)
    assert (begun["access_mode"], begun["session_id"]) == ("FREE_REVIEW", None)
    assert begun["policy"]["seek"]["mode"] == "bounded_forward"
    assert (begun["policy"]["max_speed"], begun["policy"]["watermark"]) == (1.75, True)
    # a review has no session to end: its token is older than what is set now
    got(staff.put(path, json={"mode": "FREE_REVIEW"}))
    assert player.beat(begun["token"], 1)[1]["code"] == "policy_changed"
    got(staff.put(path, json={"mode": "BLOCKED"}))
    assert player.start(video)[1]["code"] == "blocked"
    assert staff.delete(path).status_code == 204
    assert staff.delete(path).status_code == 204
    assert player.started(video)["access_mode"] == "PROCTORED_CLASS"


def test_the_list_has_every_student_of_the_lecture_in_pages(academy, staff):
    video, players = academy.video(), [academy.student("PRESENT") for _ in range(3)]
    academy.sql(
        "UPDATE enrollment_ref SET status = 'INACTIVE' WHERE enrollment_id = %s", players[0].enrollment
    )
    seen, cursor = [], None
    while True:
        page = got(
            staff.get(
                f"{VIDEOS}{video}/access/",
                query_string={"page_size": 2, **({"cursor": cursor} if cursor else {})},
            )
        )
        seen += page["results"]
        cursor = page["next"]
        if cursor is None:
            break
    assert {one["enrollment_id"]: one["reason"] for one in seen} == {
        str(player.enrollment): "not_enrolled" if player is players[0] else None for player in players
    }
    assert len(seen) == 3


def test_access_is_refused_with_its_reason(academy, make_academy, staff):
    video, player = academy.video(), academy.student("ONLINE")
    path = f"{VIDEOS}{video}/access/{player.enrollment}/"
    foreign = make_academy(tenant="other")
    stranger = foreign.student("ONLINE")
    bodies = [
        {"mode": "FREE"}, {"max_speed": 0.1}, {"max_speed": 5}, {"max_speed": "1"}, {"max_speed": True},
        {"allow_skip": 1}, {"show_watermark": "true"}, {"note": "x"}, [],
    ]  # fmt: skip
    for body in bodies:
        assert refused(staff.put(path, json=body))[:2] == (422, "invalid_request"), body
    gone = [
        f"{VIDEOS}{uuid4()}/access/{player.enrollment}/",
        f"{VIDEOS}{video}/access/{uuid4()}/",
        f"{VIDEOS}{video}/access/{stranger.enrollment}/",
    ]
    for missing in gone:
        assert refused(staff.put(missing, json={}))[:2] == (404, "not_found")
        assert refused(staff.delete(missing))[:2] == (404, "not_found")
    assert refused(foreign.staff().put(path, json={}))[:2] == (404, "not_found")
    assert academy.sql("SELECT count(*) FROM video_access") == [(0,)]


@pytest.fixture
def watched(academy):
    """One has finished the class, one began and misbehaved, one reviewed, one did nothing."""
    video = academy.video(seconds=100)
    done, risky, review, idle = (academy.student(mark) for mark in ("ONLINE", "ONLINE", "PRESENT", "ONLINE"))
    token = done.started(video)["token"]
    for position in (80, 95):
        academy.watched_for(85)
        done.beat(token, position)
    token = risky.started(video)["token"]
    academy.watched_for(15)
    risky.beat(token, 15)
    risky.events(token, event(0, "SEEK_ATTEMPT", violated=True, reason="=앞으로"), event(1, "FOCUS_LOST"))
    token = review.started(video)["token"]
    academy.watched_for(30)
    review.beat(token, 30)
    return video, done, risky, review, idle


def test_figures_of_a_video(academy, staff, watched):
    video, done, risky, review, idle = watched
    stats = got(staff.get(f"{VIDEOS}{video}/stats/"))
    totals = {name: stats[name] for name in ("students_total", "started", "completed", "proctored_completed")}
    assert totals == {"students_total": 4, "started": 3, "completed": 1, "proctored_completed": 1}
    assert stats["completion_rate"] == 0.25
    assert 135 <= stats["watched_seconds"] <= 145
    by_id = {one["enrollment_id"]: one for one in stats["students"]}
    assert by_id[str(done.enrollment)]["progress"] == 0.95
    assert by_id[str(idle.enrollment)]["progress"] == 0
    [top] = stats["risk_top"]
    assert (top["enrollment_id"], top["score"]) == (
        str(risky.enrollment),
        2 * RISK_WEIGHTS["SEEK_ATTEMPT"] + 1 + 2,
    )
    achieved = got(staff.get(f"{VIDEOS}{video}/achievement/"))
    assert (achieved["not_started"], achieved["in_progress"]) == (1, 2)
    assert achieved["deciles"] == [1, 1, 0, 1, 0, 0, 0, 0, 0, 1]
    assert review.enrollment


def test_summaries_count_their_range_only(academy, staff, watched):
    video, *_ = watched
    day = got(staff.get(f"{VIDEOS}{video}/summary/"))
    assert (day["range"], day["sessions"], day["viewers"], day["events"], day["violations"]) == (
        "24h",
        2,
        2,
        2,
        1,
    )
    assert day["violation_rate"] == 0.5
    academy.sql("UPDATE playback_session SET started_at = now() - interval '2 days'")
    academy.sql("UPDATE playback_event SET received_at = now() - interval '2 days'")
    day = got(staff.get(f"{VIDEOS}{video}/summary/?range=24h"))
    assert (day["sessions"], day["risk_top"]) == (0, [])
    week = got(staff.get(f"{VIDEOS}{video}/summary/?range=7d"))
    assert (week["sessions"], len(week["risk_top"])) == (2, 1)
    assert refused(staff.get(f"{VIDEOS}{video}/summary/?range=1y"))[:2] == (422, "invalid_request")


def test_the_impact_of_each_policy(academy, staff, watched):
    video, _, risky, *_ = watched
    academy.sql("UPDATE video SET policy_version = 2")
    risky.started(video)
    impact = got(staff.get(f"{VIDEOS}{video}/policy-impact/"))
    assert impact["modes"] == {"FREE_REVIEW": 2, "PROCTORED_CLASS": 2}
    assert impact["denied"] == {"not_enrolled": 0, "no_session_access": 0, "video_not_ready": 0, "blocked": 0}
    found = [(one["policy_version"], one["sessions"], one["violations"]) for one in impact["versions"]]
    assert found == [(2, 1, 0), (1, 2, 1)]


def test_events_are_listed_newest_first_filtered_and_paged(academy, staff, watched):
    video, _, risky, *_ = watched
    everything = got(staff.get(EVENTS, query_string={"video": str(video)}))
    assert {(one["client_id"], one["type"], one["violated"]) for one in everything["results"]} == {
        (0, "SEEK_ATTEMPT", True),
        (1, "FOCUS_LOST", False),
    }
    only = {"video": str(video), "violated": "true", "student": str(risky.student)}
    [one] = got(staff.get(EVENTS, query_string=only))["results"]
    assert (one["position"], one["reason"], one["score"]) == (1.5, "=앞으로", 7)
    first = got(staff.get(EVENTS, query_string={"video": str(video), "page_size": 1}))
    second = got(
        staff.get(EVENTS, query_string={"video": str(video), "page_size": 1, "cursor": first["next"]})
    )
    assert {page["results"][0]["client_id"] for page in (first, second)} == {0, 1}
    assert second["next"] is None
    [top] = got(staff.get(f"{EVENTS}risk/", query_string={"video": str(video), "range": "7d"}))["results"]
    assert (top["student_id"], top["events"], top["violations"]) == (str(risky.student), 2, 1)
    for wrong in ("", f"?video={uuid4()}"):
        status = 404 if wrong else 422
        assert staff.get(EVENTS + wrong).status_code == status
        assert staff.get(f"{EVENTS}risk/{wrong}").status_code == status
        assert staff.get(f"{EVENTS}export/{wrong}").status_code == status


def test_the_export_is_complete_and_no_cell_is_a_formula(academy, staff, watched):
    video, *_ = watched
    answer = staff.get(f"{EVENTS}export/", query_string={"video": str(video)})
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff수신 일시,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {(row["종류"], row["위반"], row["사유"], row["위험 점수"]) for row in rows} == {
        ("SEEK_ATTEMPT", "예", "'=앞으로", "7"),
        ("FOCUS_LOST", "아니오", "", "2"),
    }


def test_statements_do_not_grow_with_the_students(academy, staff, statements):
    video = academy.video()
    counts = []
    for more in (1, 12):
        for _ in range(more):
            academy.student("ONLINE").started(video)
        with statements() as seen:
            for what in ("stats", "summary", "achievement", "policy-impact", "access"):
                got(staff.get(f"{VIDEOS}{video}/{what}/"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_silent_classes_expire_and_live_ones_stay(academy):
    video, silent, live = academy.video(), academy.student("ONLINE"), academy.student("ONLINE")
    silent.started(video)
    live.started(video)
    academy.sql("UPDATE playback_session SET expires_at = now() WHERE enrollment_id = %s", silent.enrollment)
    expire_sessions(academy.db.database, datetime.now(UTC))
    found = academy.sql("SELECT enrollment_id, state, ended_at IS NULL FROM playback_session")
    assert set(found) == {(silent.enrollment, "EXPIRED", False), (live.enrollment, "ACTIVE", True)}


def test_events_are_forgotten_after_180_days_and_progress_is_not(academy, watched):
    academy.sql("UPDATE playback_session SET state = 'ENDED', ended_at = now()")
    prune_events(academy.db.database, datetime.now(UTC) + timedelta(days=179))
    assert academy.sql("SELECT count(*) FROM playback_event") == [(2,)]
    prune_events(academy.db.database, datetime.now(UTC) + timedelta(days=181))
    for table, left in (("playback_event", 0), ("playback_session", 0), ("video_progress", 3)):
        assert academy.sql(f"SELECT count(*) FROM {table}") == [(left,)]


def test_what_was_watched_follows_a_merged_student_so_that_a_purge_finds_it(academy, watched, make_event):
    _, _, risky, *_ = watched
    winner = uuid4()

    def told(version, student):
        columns = {
            "enrollment_id": [str(risky.enrollment)], "lecture_id": [str(academy.lecture)],
            "student_id": [str(student)], "status": ["ACTIVE"], "version": [version], "deleted": [False],
        }  # fmt: skip
        with unit_of_work(academy.db.database, "demo", Cause.start(), source="media") as uow:
            event = make_event("enrollment.enrollment.changed", "demo", {"enrollments": columns})
            on_enrollment_changed(uow, [event])

    def owners():
        tables = ("playback_event", "playback_session", "video_progress")
        return [
            academy.sql(f"SELECT DISTINCT student_id FROM {table} WHERE enrollment_id = %s", risky.enrollment)
            for table in tables
        ]

    told(5, winner)
    assert owners() == [[(winner,)]] * 3
    told(4, risky.student)
    assert owners() == [[(winner,)]] * 3
