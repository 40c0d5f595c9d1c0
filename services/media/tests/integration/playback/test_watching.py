"""Watching a video over HTTP: start, heartbeats, events, end, and every refusal with its exact answer."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from eventkit.ids import new_id
from media.domain.access import Limits
from testkit.at_once import at_once

NOW = datetime.now(UTC).isoformat()


def event(client_id, kind="VISIBILITY_HIDDEN", **changed):
    usual = {"client_id": client_id, "type": kind, "position": 1.5, "occurred_at": NOW}
    return {**usual, **changed}


def refused(answer):
    status, body = answer
    return status, body["code"]


def test_a_class_is_monitored_bounded_and_watermarked(academy):
    video, player = academy.video(), academy.student("ONLINE")
    status, body = player.start(video)
    assert status == 201
    assert (body["access_mode"], body["monitoring_enabled"]) == ("PROCTORED_CLASS", True)
    seek = {"mode": "bounded_forward", "limit": 0.0, "grace_seconds": 3}
    assert body["policy"] == {"seek": seek, "max_speed": 1.0, "watermark": True}
    assert body["watermark"] == {"user_id": str(player.student)}
    assert body["session_id"]
    assert body["play_url"].startswith(f"/api/v1/media/hls/demo/{video}/")
    assert datetime.fromisoformat(body["expires_at"]) > datetime.now(UTC)
    assert academy.sessions() == [("ACTIVE", 0, 0)]


def test_a_review_leaves_no_session_and_no_event_but_progress(academy):
    video, player = academy.video(max_speed="2.00", show_watermark=False), academy.student("PRESENT")
    body = player.started(video)
    assert (body["access_mode"], body["session_id"], body["monitoring_enabled"]) == (
        "FREE_REVIEW",
        None,
        False,
    )
    assert body["policy"] == {"seek": {"mode": "free"}, "max_speed": 2.0, "watermark": False}
    assert body["watermark"] is None
    academy.watched_for(60)
    status, beat = player.beat(body["token"], 1800)
    assert (status, beat["position"], beat["session_state"], beat["violated"]) == (200, 1800.0, None, False)
    assert player.events(body["token"], event(0, violated=True)) == (
        200,
        {"stored": 0, "session_state": None},
    )
    assert academy.sessions() == []
    assert academy.sql("SELECT count(*) FROM playback_event") == [(0,)]
    position, furthest, watched, progress, done, _ = academy.progress(player)
    assert (position, furthest, done) == (1_800_000, 1_800_000, False)
    assert 120_000 <= watched < 180_000
    assert progress < 0.1


def test_a_class_watched_to_ninety_percent_is_complete_once_and_then_free(academy):
    video, player = academy.video(seconds=100), academy.student("ONLINE")
    token = player.started(video)["token"]
    for position in (80, 91):
        academy.watched_for(85)
        status, beat = player.beat(token, position)
    assert (status, beat["completed"], beat["progress"]) == (200, True, 0.91)
    first = academy.sql("SELECT completed_at, proctored_completed_at FROM video_progress")
    assert None not in first[0]
    player.beat(token, 10)
    assert academy.sql("SELECT completed_at, proctored_completed_at FROM video_progress") == first
    assert player.started(video)["access_mode"] == "FREE_REVIEW"
    [shown] = player.ask("GET", "videos/student/", session=str(academy.session))[1]["results"]
    assert (shown["completed"], shown["access_mode"], shown["progress"]) == (True, "FREE_REVIEW", 0.91)


def test_a_jump_in_a_review_does_not_buy_a_class_its_completion(academy):
    video, player = academy.video(), academy.student("PRESENT")
    token = player.started(video)["token"]
    assert player.beat(token, 3600)[1]["completed"] is False
    academy.mark(player.enrollment, player.student, "ONLINE")
    assert player.started(video)["access_mode"] == "PROCTORED_CLASS"


def test_a_skip_in_a_class_is_taken_back_and_three_end_it(academy):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    academy.watched_for(10)
    first = player.beat(token, 3000)[1]
    assert (first["violated"], first["session_state"]) == (True, "ACTIVE")
    assert 10 <= first["position"] == first["max_watched"] < 30
    assert academy.sessions() == [("ACTIVE", 1, 1)]
    assert player.beat(token, first["position"])[1]["violated"] is False
    assert player.beat(token, 3000)[1]["session_state"] == "ACTIVE"
    assert player.beat(token, 3000)[1]["session_state"] == "REVOKED"
    assert refused(player.beat(token, 20)) == (409, "session_inactive")
    noted = academy.sql("SELECT client_id, type, violated, reason FROM playback_event ORDER BY client_id")
    assert noted == [(n, "SEEK_ATTEMPT", True, "server") for n in (-3, -2, -1)]


def test_one_violating_event_ends_nothing_and_half_of_many_does(make_academy):
    academy = make_academy(limits=Limits(9999, 9999, 100, 0.5))
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    assert player.events(token, event(0, violated=True))[1] == {"stored": 1, "session_state": "ACTIVE"}
    assert (
        player.events(token, *(event(n, violated=True) for n in range(1, 5)))[1]["session_state"] == "ACTIVE"
    )
    assert player.events(token, event(5, violated=True))[1] == {"stored": 1, "session_state": "REVOKED"}
    assert academy.sessions() == [("REVOKED", 6, 6)]


def test_a_repeated_batch_counts_once(academy):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    batch = [event(0, "FOCUS_LOST"), event(1, "SEEK_ATTEMPT", violated=True, reason="앞으로")]
    assert player.events(token, *batch) == (200, {"stored": 2, "session_state": "ACTIVE"})
    assert player.events(token, *batch, event(2)) == (200, {"stored": 1, "session_state": "ACTIVE"})
    assert player.events(token, event(3), event(3)) == (200, {"stored": 1, "session_state": "ACTIVE"})
    assert academy.sessions() == [("ACTIVE", 4, 1)]


def test_ending_credits_the_last_place_and_may_be_repeated(academy):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    academy.watched_for(30)
    assert player.post("end", token=token, position=25.25) == (204, None)
    assert player.post("end", token=token, position=90) == (204, None)
    assert player.post("end", token=token) == (204, None)
    assert academy.progress(player)[:2] == (25_250, 25_250)
    assert academy.sessions() == [("ENDED", 0, 0)]
    assert refused(player.beat(token, 26)) == (409, "session_inactive")
    assert refused(player.post("refresh", token=token)) == (409, "session_inactive")
    assert player.started(video)["last_position"] == 25.25


def test_a_refresh_hands_out_new_addresses_for_the_same_session(academy):
    video, player = academy.video(), academy.student("ONLINE")
    begun = player.started(video)
    status, renewed = player.post("refresh", token=begun["token"])
    assert status == 200
    assert renewed["session_id"] == begun["session_id"]
    assert player.beat(renewed["token"], 0)[0] == 200
    assert len(academy.sessions()) == 1


def test_a_parent_watches_for_each_child_and_for_nobody_else(academy):
    first, second, stranger = (academy.student("PRESENT") for _ in range(3))
    account, video = uuid4(), academy.video()
    academy.register.students[str(account)] = frozenset([first.student, second.student])
    parent = type(first)(
        academy.app, f"Bearer {academy.token(account, 'parent')}", first.student, first.enrollment
    )
    shown = parent.ask("GET", "videos/student/", session=str(academy.session))[1]["results"]
    assert {one["student_id"] for one in shown} == {str(first.student), str(second.student)}
    assert all(one["can_play"] for one in shown)
    for child in (first, second):
        assert parent.start(video, enrollment_id=str(child.enrollment))[0] == 201
    assert refused(parent.start(video, enrollment_id=str(stranger.enrollment))) == (403, "not_enrolled")


def test_a_student_sees_each_video_with_its_reason(academy):
    def listed(who):
        return who.ask("GET", "videos/student/", session=str(academy.session))[1]["results"]

    playing, waiting = academy.video(position=1), academy.video(status="PROCESSING", position=2)
    blocked, viewable = academy.video(position=3), academy.video(status="VIEWABLE", position=4)
    gone = academy.video(position=5, deleted_at=datetime.now(UTC))
    player, elsewhere = academy.student("ONLINE"), academy.student(None)
    academy.sql(
        "INSERT INTO video_access (tenant_id, video_id, enrollment_id, student_id, mode, set_by)"
        " VALUES ('demo', %s, %s, %s, 'BLOCKED', 't')",
        *(blocked, player.enrollment, player.student),
    )
    status, body = player.ask("GET", "videos/student/", session=str(academy.session))
    assert status == 200
    assert [(one["id"], one["can_play"], one["access_mode"], one["reason"]) for one in body["results"]] == [
        (str(playing), True, "PROCTORED_CLASS", None),
        (str(waiting), False, None, "video_not_ready"),
        (str(blocked), False, None, "blocked"),
        (str(viewable), True, "PROCTORED_CLASS", None),
    ]
    assert str(gone) not in str(body)
    academy.sql(
        "UPDATE session_enrollment_ref SET deleted = true WHERE enrollment_id = %s", elsewhere.enrollment
    )
    reasons = {one["reason"] for one in listed(elsewhere)}
    assert reasons == {"no_session_access"}
    academy.sql(
        "UPDATE enrollment_ref SET status = 'INACTIVE' WHERE enrollment_id = %s", elsewhere.enrollment
    )
    reasons = {one["reason"] for one in listed(elsewhere)}
    assert reasons == {"not_enrolled"}


def test_without_a_session_a_student_sees_all_lectures_the_newest_first(academy):
    old, new, foreign = (new_id() for _ in range(3))
    player = None
    for lecture, name, place in ((old, "기초", 1), (new, "심화", 1), (new, "심화", 2), (foreign, "남의", 1)):
        academy.lecture, academy.session = lecture, uuid4()
        academy.sql(
            "INSERT INTO session_ref VALUES ('demo', %s, %s, %s, %s, %s, 1, false)",
            *(academy.session, lecture, name, f"{place}차시", place),
        )
        for position in (1, 2):
            academy.video(position=position, title=f"{position}강")
        if place == 1 and lecture != foreign:
            player = academy.student("PRESENT", student=player and player.student)
    assert player is not None
    academy.student("PRESENT")
    shown, cursor = [], {}
    while cursor is not None:
        page = player.ask("GET", "videos/student/", page_size=2, **cursor)[1]
        shown += page["results"]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert [f"{one['lecture_title']} {one['session_title']} {one['title']}" for one in shown] == [
        *("심화 2차시 1강", "심화 2차시 2강", "심화 1차시 1강", "심화 1차시 2강"),
        *("기초 1차시 1강", "기초 1차시 2강"),
    ]
    assert [one["reason"] for one in shown] == ["no_session_access"] * 2 + [None] * 4
    academy.sql("UPDATE enrollment_ref SET status = 'INACTIVE' WHERE lecture_id = %s", new)
    left = player.ask("GET", "videos/student/")[1]["results"]
    assert {one["lecture_id"] for one in left} == {str(old)}


def test_who_may_not_start_is_told_why_and_leaves_nothing(academy, make_academy):
    video, waiting = academy.video(), academy.video(status="UPLOADED", master_key=None)
    player, other = academy.student("ONLINE"), academy.student("ONLINE")
    outside, ended = academy.student("ONLINE"), academy.student("ONLINE")
    academy.sql("DELETE FROM session_enrollment_ref WHERE enrollment_id = %s", outside.enrollment)
    academy.sql("UPDATE enrollment_ref SET status = 'INACTIVE' WHERE enrollment_id = %s", ended.enrollment)
    foreign = make_academy(tenant="other")
    stranger = foreign.student("ONLINE")
    table = [
        (player.start(waiting), 403, "video_not_ready"),
        (player.start(uuid4()), 404, "not_found"),
        (stranger.start(video), 404, "not_found"),
        (player.start(video, enrollment_id=str(other.enrollment)), 403, "not_enrolled"),
        (player.start(video, enrollment_id=str(uuid4())), 403, "not_enrolled"),
        (outside.start(video), 403, "no_session_access"),
        (ended.start(video), 403, "not_enrolled"),
        (player.start(video, device_id=""), 422, "invalid_request"),
        (player.start(video, device_id="x" * 101), 422, "invalid_request"),
        (player.start(video, video_id="7"), 422, "invalid_request"),
        (player.start(video, mode="FREE_REVIEW"), 422, "invalid_request"),
        (player.ask("GET", "videos/student/", session="x"), 422, "invalid_request"),
        (player.ask("GET", "videos/student/", page_size="0"), 422, "invalid_request"),
        (player.ask("GET", "videos/student/", cursor="x"), 400, "invalid_cursor"),
    ]
    assert [refused(answer) for answer, _, _ in table] == [(status, code) for _, status, code in table]
    assert all(any("가" <= letter <= "힣" for letter in answer[1]["detail"]) for answer, _, _ in table)
    assert academy.sql("SELECT count(*) FROM video_progress") == [(0,)]
    assert academy.sessions() == []


def test_tokens_are_refused_by_what_is_wrong_with_them(academy, make_academy, links):
    video, player, other = academy.video(), academy.student("ONLINE"), academy.student("ONLINE")
    token = player.started(video)["token"]
    foreign = make_academy(tenant="other").student("ONLINE", student=player.student)
    claims = links.keys.unseal(token, 0)
    expired = links.keys.seal(claims, int(claims["iat"]) - 1)
    key, body, mac = token.split(".")
    sent = [
        (player, expired, 403, "playback_token_expired"),
        (player, f"{key}.{body}.{mac[:-1]}{'A' if mac[-1] != 'A' else 'B'}", 403, "invalid_playback_token"),
        (player, f"v9.{body}.{mac}", 403, "invalid_playback_token"),
        (player, "nothing", 403, "invalid_playback_token"),
        (other, token, 403, "invalid_playback_token"),
        (foreign, token, 403, "invalid_playback_token"),
    ]
    for who, offered, status, code in sent:
        assert refused(who.beat(offered, 0)) == (status, code)
        assert refused(who.post("refresh", token=offered)) == (status, code)
        assert refused(who.post("end", token=offered)) == (status, code)
        assert refused(who.events(offered, event(0))) == (status, code)


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("UPDATE video SET policy_version = policy_version + 1", 403, "policy_changed"),
        ("UPDATE video SET deleted_at = now()", 404, "not_found"),
        ("UPDATE enrollment_ref SET status = 'INACTIVE'", 403, "not_enrolled"),
        ("UPDATE session_enrollment_ref SET deleted = true", 403, "no_session_access"),
        ("UPDATE playback_session SET state = 'REVOKED'", 409, "session_inactive"),
        ("UPDATE playback_session SET expires_at = now()", 409, "session_inactive"),
    ],
)
def test_what_changes_meanwhile_stops_the_player(academy, statement, status, code):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    academy.sql(statement)
    for answer in (
        player.beat(token, 1),
        player.events(token, event(0)),
        player.post("refresh", token=token),
    ):
        assert refused(answer) == (status, code)


def test_a_review_ends_when_the_class_begins(academy):
    video, player = academy.video(), academy.student("PRESENT")
    token = player.started(video)["token"]
    academy.mark(player.enrollment, player.student, "ONLINE")
    assert refused(player.beat(token, 1)) == (403, "policy_changed")


def test_bodies_are_refused_with_the_field_at_fault(academy):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    for position in (-1, "1", None, True, 1e9, float("1e308")):
        status, body = player.beat(token, position)
        assert (status, body["code"], list(body["errors"])) == (422, "invalid_request", ["position"])
    wrong = [
        [],
        "x",
        [event(-1)],
        [event(0, "JUMP")],
        [event(0, violated="yes")],
        [event(0, reason="x" * 51)],
        [event(0, occurred_at="2026-03-02T09:00:00")],
        [event(0, extra=1)],
        [event(2**31)],
    ]
    for batch in wrong:
        status, body = player.post("events", token=token, events=batch)
        assert (status, body["code"]) == (422, "invalid_request"), batch
    assert refused(player.events(token, *(event(n) for n in range(201)))) == (413, "batch_too_large")
    assert player.events(token, *(event(n) for n in range(200)))[1]["stored"] == 200


def test_a_dead_sign_in_watches_nothing(academy):
    video, player = academy.video(), academy.student("ONLINE")
    academy.register.ended |= set(academy.register.students)
    assert refused(player.start(video)) == (401, "invalid_token")


def test_limits_count_what_is_open_and_a_reload_replaces_its_own(make_academy):
    academy = make_academy(limits=Limits(1, 9999, 3, 0.5))
    first, second, player = academy.video(), academy.video(), academy.student("ONLINE")
    player.started(first)
    again = player.started(first)
    assert [state for state, _, _ in academy.sessions()] == ["ENDED", "ACTIVE"]
    assert refused(player.start(second)) == (409, "too_many_sessions")
    player.post("end", token=again["token"])
    assert player.start(second)[0] == 201
    assert academy.student("ONLINE").start(second)[0] == 201


def test_a_second_device_is_refused_where_one_is_allowed(make_academy):
    academy = make_academy(limits=Limits(9999, 1, 3, 0.5))
    first, second, player = academy.video(), academy.video(), academy.student("ONLINE")
    player.started(first)
    assert refused(player.start(second, device_id="other")) == (409, "too_many_devices")
    assert player.start(second)[0] == 201


def test_starts_at_the_same_moment_keep_to_the_limit(make_academy):
    academy = make_academy(limits=Limits(2, 9999, 3, 0.5))
    videos, player = [academy.video() for _ in range(5)], academy.student("ONLINE")
    answers = [done.result() for done in at_once(*(lambda v=v: player.start(v) for v in videos))]
    assert sorted(status for status, _ in answers) == [201, 201, 409, 409, 409]
    assert academy.sql("SELECT count(*) FROM playback_session WHERE state = 'ACTIVE'") == [(2,)]


def test_heartbeats_at_the_same_moment_credit_the_time_once(academy):
    video, player = academy.video(), academy.student("ONLINE")
    tokens = [player.started(video)["token"]]
    player.device = "device-2"
    tokens.append(player.started(video)["token"])
    academy.watched_for(40)
    beats = [lambda t=t: player.beat(t, 43) for t in tokens for _ in range(4)]
    assert {done.result()[0] for done in at_once(*beats)} == {200}
    _, furthest, watched, *_ = academy.progress(player)
    assert 40_000 <= furthest <= 43_000
    assert watched <= furthest + 1


def test_events_at_the_same_moment_are_all_counted(academy):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    batches = [lambda n=n: player.events(token, event(n), event(n + 1)) for n in range(8)]
    assert {done.result()[0] for done in at_once(*batches)} == {200}
    assert academy.sessions() == [("ACTIVE", 9, 0)]


def test_a_heartbeat_costs_the_same_statements_however_long_the_history(academy, statements):
    video, player = academy.video(), academy.student("ONLINE")
    token = player.started(video)["token"]
    counts = []
    for n in (0, 200):
        player.events(token, *(event(n + i) for i in range(200)))
        with statements() as seen:
            assert player.beat(token, 0)[0] == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 4
