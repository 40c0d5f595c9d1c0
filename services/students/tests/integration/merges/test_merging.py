"""Merge and un-merge over HTTP: what the winner gets, what comes back, what is refused, what is said."""

from uuid import UUID

import pytest
from students.domain.audit import Pseudonyms
from testkit.api import PSEUDONYM_KEY

NOBODY = "0197f1d0-0000-7000-8000-00000000000a"
FULL = {
    "student_phone": "01099990001",
    "school": "한빛중",
    "school_type": "MIDDLE",
    "grade": 2,
    "gender": "F",
    "school_class": "3반",
    "major": "이과",
    "origin_school": "한빛초",
    "address": "서울",
    "memo": "월수금",
    "custom_fields": {"버스": "2호차", "형제": "둘"},
}


def row(academy, student_id):
    """Everything stored of a student, but for what counts its changes."""
    [(stored,)] = academy.all("SELECT to_jsonb(s) FROM student s WHERE id = %s", student_id)
    return {name: value for name, value in stored.items() if name not in ("version", "updated_at")}


def tags_of(academy, student_id):
    return {
        str(tag) for (tag,) in academy.all("SELECT tag_id FROM student_tag WHERE student_id = %s", student_id)
    }


def test_the_winner_gets_what_it_lacks_and_keeps_what_it_has(desk):
    winner = desk.create(
        "김하나", school="다른중", grade=1, school_type="MIDDLE", custom_fields={"버스": "1호차"}
    )
    loser = desk.create("김하니", **FULL)
    answer = desk.merge(winner, loser)
    shown = answer["winner"]
    kept = {"name": "김하나", "school": "다른중", "grade": 1, "school_type": "MIDDLE"}
    filled = {name: FULL[name] for name in FULL if name not in (*kept, "custom_fields")}
    assert {name: shown[name] for name in (*kept, *filled)} == {**kept, **filled}
    assert shown["custom_fields"] == {"버스": "1호차", "형제": "둘"}
    assert shown["version"] == 2
    assert desk.get(f"{winner}/") == shown
    buried = desk.get(f"{loser}/")
    assert (buried["merged_into"], buried["version"], buried["deleted_at"] is None) == (winner, 2, False)
    assert {name: buried[name] for name in FULL} == FULL


def test_tags_of_both_stay_and_come_apart(academy, desk):
    one, two, both = (desk.tag(name) for name in ("하나", "둘", "모두"))
    winner, loser = desk.create(tags=[one, both]), desk.create("김하니", tags=[two, both])
    merge = desk.merged(winner, loser)
    assert tags_of(academy, winner) == {one, two, both}
    assert tags_of(academy, loser) == {two, both}
    desk.done(f"merges/{merge}/undo/")
    assert tags_of(academy, winner) == {one, both}
    assert tags_of(academy, loser) == {two, both}


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ({}, {}),
        ({}, FULL),
        (FULL, {}),
        (FULL, {**FULL, "student_phone": "01099990002", "school": "다른중"}),
        ({"custom_fields": {"버스": "1호차"}}, FULL),
        ({"custom_fields": {"버스": "1호차"}}, {"custom_fields": {"형제": "둘"}}),
        ({"school_type": "MIDDLE"}, {"school_type": "ELEMENTARY", "grade": 6}),
        ({"grade": 6}, {"school_type": "MIDDLE", "grade": 1}),
    ],
)
def test_what_was_merged_comes_apart_as_it_was(academy, desk, winner, loser):
    one, other = desk.create("김하나", **winner), desk.create("김하니", **loser)
    before = [row(academy, one), row(academy, other)]
    merge = desk.merged(one, other)
    shown = desk.get(f"{one}/")
    assert shown["grade"] is None or shown["school_type"] != "MIDDLE" or shown["grade"] <= 3
    desk.done(f"merges/{merge}/undo/")
    assert [row(academy, one), row(academy, other)] == before


def test_what_people_changed_since_stays_changed(desk):
    new_tag, late_tag = desk.tag("하나"), desk.tag("나중")
    winner, loser = desk.create(), desk.create("김하니", **FULL, tags=[new_tag])
    merge = desk.merged(winner, loser)
    desk.patch(winner, school="옮긴중", memo=None, custom_fields={"버스": "3호차", "형제": "둘", "새": "값"})
    desk.done(f"{winner}/add_tag/", {"tag_id": late_tag})
    desk.done(f"merges/{merge}/undo/")
    shown = desk.get(f"{winner}/")
    assert (shown["school"], shown["memo"], shown["gender"], shown["student_phone"]) == (
        "옮긴중",
        None,
        None,
        None,
    )
    assert shown["custom_fields"] == {"버스": "3호차", "새": "값"}
    assert [tag["id"] for tag in shown["tags"]] == [late_tag]


def test_a_number_that_a_third_student_has_is_not_taken_over(desk):
    winner, loser = desk.create(), desk.create("김하니", student_phone="01099990001", school="한빛중")
    desk.create("이두리", "01000000002", student_phone="01099990001")
    merge = desk.merge(winner, loser)
    assert (merge["winner"]["student_phone"], merge["winner"]["school"]) == (None, "한빛중")
    desk.done(f"merges/{merge['merge_id']}/undo/")
    assert desk.get(f"{loser}/")["student_phone"] == "01099990001"


def test_the_loser_is_neither_in_a_list_nor_in_the_trash_nor_restored(desk):
    winner, loser = desk.create(), desk.create("김하니")
    desk.merge(winner, loser)
    assert [student["id"] for student in desk.get("")["results"]] == [winner]
    assert desk.get("", deleted="true")["results"] == []
    answer = desk.done("bulk_restore/", {"ids": [loser]})
    assert (answer["restored"], answer["skipped"][0]["code"]) == (0, "merged")


def test_an_import_of_the_losers_spelling_finds_the_winner(academy, desk):
    winner, loser = desk.create("김하나"), desk.create("김하니")
    merge = desk.merged(winner, loser)
    spelt = {"name": "김하니", "parent_phone": "01012345678"}
    [answer] = academy.resolve(spelt)
    assert (answer["outcome"], answer["student_id"]) == ("matched", winner)
    status, refused = desk.post("", {**spelt, "initial_password": "pass-1"})
    assert (status, refused["code"], refused["existing_student"]["id"]) == (409, "duplicate_student", winner)
    desk.done(f"merges/{merge}/undo/")
    [answer] = academy.resolve(spelt)
    assert (answer["outcome"], answer["student_id"]) == ("matched", loser)


def test_both_are_told_and_written_down(academy, desk, trail):
    winner, loser = desk.create(), desk.create("김하니", school="한빛중")
    merge = desk.merged(winner, loser)
    desk.done(f"merges/{merge}/undo/")
    pseudonyms = Pseudonyms(bytes.fromhex(PSEUDONYM_KEY))
    of = {one: pseudonyms.of("demo", UUID(one)) for one in (winner, loser)}
    for kind, version, gone in (("merged", 2, True), ("unmerged", 3, False)):
        [event] = academy.published(f"students.student.{kind}")
        students = event.data["students"]
        assert (str(event.data["merge_id"]), str(event.data["winner_id"])) == (merge, winner)
        told = dict(
            zip(
                students["student_id"],
                zip(students["version"], students["deleted"], strict=True),
                strict=True,
            )
        )
        assert told == {winner: (version, False), loser: (version, gone)}
        assert {name: details for _, name, details in trail(kind)} == {
            of[winner]: {"merge_id": merge, "as": "winner", "of": of[loser]},
            of[loser]: {"merge_id": merge, "as": "loser", "of": of[winner]},
        }
    # and no other event is needed to know it
    assert len(academy.published("students.student.changed")) == 2


def test_a_winner_who_was_deleted_since_stays_deleted(academy, desk):
    winner, loser = desk.create(), desk.create("김하니")
    merge = desk.merged(winner, loser)
    assert desk.ask("DELETE", f"{winner}/")[0] == 204
    desk.done(f"merges/{merge}/undo/")
    assert [student["id"] for student in desk.get("")["results"]] == [loser]
    assert [student["id"] for student in desk.get("", deleted="true")["results"]] == [winner]
    students = academy.published("students.student.unmerged")[0].data["students"]
    assert dict(zip(students["student_id"], students["deleted"], strict=True)) == {winner: True, loser: False}


def test_merges_are_listed_newest_first_with_their_state(academy, desk):
    winner, first, second = desk.create(), desk.create("김하니"), desk.create("김하")
    merges = [desk.merged(winner, loser) for loser in (first, second)]
    desk.done(f"merges/{merges[0]}/undo/")
    page = desk.get("merges/", page_size=1)
    [newest] = page["results"]
    assert (newest["id"], newest["winner"], newest["loser"]) == (
        merges[1],
        {"id": winner, "name": "김하나"},
        {"id": second, "name": "김하"},
    )
    assert (newest["merged_by"], newest["undone_at"]) == ("staff-1", None)
    assert newest["undo_until"] > newest["merged_at"]
    rest = desk.get("merges/", page_size=1, cursor=page["next"])
    assert [merge["id"] for merge in rest["results"]] == [merges[0]]
    assert rest["results"][0]["undone_at"] is not None
    assert rest["next"] is None


def test_sign_ins_of_the_loser_end(academy, desk):
    winner, loser = desk.create(), desk.create("김하니")
    academy.db.admin.execute(
        "INSERT INTO account_session (tenant_id, id, account_id, refresh_hash, expires_at)"
        " SELECT tenant_id, gen_random_uuid(), id, 'x', now() + interval '1 day' FROM account"
    )
    desk.merge(winner, loser)
    still = academy.all(
        "SELECT a.student_id::text, a.kind FROM account_session JOIN account a ON a.id = account_id"
    )
    # the parent is the winner's too
    assert {student for student, kind in still if kind == "student"} == {winner}
    assert [kind for _, kind in still].count("parent") == 1


def test_what_cannot_be_merged_is_refused_and_changes_nothing(academy, desk, stranger):
    one, other, gone = desk.create(), desk.create("김하니"), desk.create("이두리")
    chief, second = desk.create("박세리"), desk.create("박세라")
    foreign = stranger.create()
    desk.done("bulk_delete/", {"ids": [gone]})
    desk.merge(chief, second)
    before = academy.contents(but=("outbox", "inbox", "alembic_version"))
    published = academy.all("SELECT count(*) FROM outbox")
    for body, status, code in [
        ({"winner_id": one, "loser_id": one}, 422, "same_student"),
        ({"winner_id": one, "loser_id": one.upper()}, 422, "same_student"),
        ({"winner_id": one, "loser_id": gone}, 409, "not_active"),
        ({"winner_id": gone, "loser_id": one}, 409, "not_active"),
        ({"winner_id": one, "loser_id": second}, 409, "not_active"),
        ({"winner_id": second, "loser_id": one}, 409, "not_active"),
        ({"winner_id": one, "loser_id": chief}, 409, "has_merged_others"),
        ({"winner_id": one, "loser_id": NOBODY}, 404, "not_found"),
        ({"winner_id": NOBODY, "loser_id": one}, 404, "not_found"),
        ({"winner_id": one, "loser_id": foreign}, 404, "not_found"),
        ({"winner_id": foreign, "loser_id": one}, 404, "not_found"),
        ({"winner_id": one}, 422, "invalid_request"),
        ({"winner_id": one, "loser_id": None}, 422, "invalid_request"),
        ({"winner_id": one, "loser_id": "x' OR 1=1"}, 422, "invalid_request"),
        ({"winner_id": one, "loser_id": [other]}, 422, "invalid_request"),
        ({"winner_id": one, "loser_id": other, "force": True}, 422, "invalid_request"),
        ([one, other], 422, "invalid_request"),
        (None, 422, "invalid_request"),
    ]:
        answer, problem = desk.post("merge/", body)
        assert (answer, problem["code"]) == (status, code), body
        assert "김하" not in str(problem)
    assert academy.contents(but=("outbox", "inbox", "alembic_version")) == before
    assert academy.all("SELECT count(*) FROM outbox") == published


def test_what_cannot_be_undone_is_refused_and_changes_nothing(academy, desk, stranger):
    def pair(name, phone):
        winner, loser = desk.create(f"{name}가", phone), desk.create(f"{name}나", phone)
        return winner, loser, desk.merged(winner, loser)

    _, _, undone = pair("김하", "01000000001")
    desk.done(f"merges/{undone}/undo/")
    _, _, expired = pair("이두", "01000000002")
    academy.all(
        "UPDATE student_merge SET merged_at = now() - interval '30 days 1 second' WHERE id = %s RETURNING 1",
        expired,
    )
    taken_by, _, taken = pair("박세", "01000000003")
    # the most likely one to have the loser's name: the winner, corrected
    desk.patch(taken_by, name="박세나")
    foreign = stranger.merged(stranger.create("김하나"), stranger.create("김하니"))
    before = academy.contents()
    for merge, status, code in [
        (undone, 409, "already_undone"),
        (expired, 409, "undo_expired"),
        (taken, 409, "active_student_exists"),
        (foreign, 404, "not_found"),
        (NOBODY, 404, "not_found"),
        ("1", 404, "not_found"),
    ]:
        answer, problem = desk.post(f"merges/{merge}/undo/")
        assert (answer, problem["code"]) == (status, code), merge
        assert problem.get("conflict_student_id") == (taken_by if merge == taken else None)
    assert academy.contents() == before


def test_the_last_moment_of_the_thirty_days_is_still_in_time(academy, desk):
    merge = desk.merged(desk.create(), desk.create("김하니"))
    academy.all(
        "UPDATE student_merge SET merged_at = now() - interval '29 days 23:59' WHERE id = %s RETURNING 1",
        merge,
    )
    assert desk.post(f"merges/{merge}/undo/")[0] == 200


def test_after_an_undo_the_same_two_can_be_merged_again_the_other_way_round(desk):
    one, other = desk.create(), desk.create("김하니")
    desk.done(f"merges/{desk.merged(one, other)}/undo/")
    again = desk.merge(other, one)
    assert again["winner"]["id"] == other
    assert desk.post("merge/", {"winner_id": other, "loser_id": one})[1]["code"] == "not_active"
    desk.done(f"merges/{again['merge_id']}/undo/")


def test_pairs_are_shown_with_reasons_until_somebody_decides(desk, stranger, trail):
    same = desk.create("김하나", "01000000001", student_phone="01099990001", school="한빛중")
    near = desk.create("김하니", "01000000001")
    phone = desk.create("이두리", "01000000002", student_phone="01099990001")
    desk.create("박세리", "01000000001")
    stranger.create("김하니", "01000000001", student_phone="01099990001")
    left, right = sorted((same, near))
    found = {(pair["left"]["id"], pair["right"]["id"]): pair for pair in desk.get("maybe_same/")["results"]}
    assert {key: pair["reasons"] for key, pair in found.items()} == {
        (left, right): ["same_phone", "similar_name"],
        tuple(sorted((same, phone))): ["same_student_phone"],
    }
    listed = {student["id"]: student for student in desk.get("")["results"]}
    assert found[left, right]["left"] == listed[left]
    for _ in range(2):
        # in either order, and again
        desk.done("maybe_same/apart/", {"left_id": right, "right_id": left})
    assert [pair["reasons"] for pair in desk.get("maybe_same/")["results"]] == [["same_student_phone"]]
    assert len(trail("kept_apart")) == 2


def test_a_merge_and_a_deletion_end_a_pair_and_their_end_brings_it_back(desk):
    one, other = desk.create(), desk.create("김하니")
    merge = desk.merged(one, other)
    assert desk.get("maybe_same/")["results"] == []
    desk.done(f"merges/{merge}/undo/")
    assert len(desk.get("maybe_same/")["results"]) == 1
    desk.done("bulk_delete/", {"ids": [other]})
    assert desk.get("maybe_same/")["results"] == []


def test_pairs_are_paged(desk):
    for name in ("김하나", "김하니", "김하누", "김하네"):
        desk.create(name)
    seen, cursor = [], {}
    while True:
        page = desk.get("maybe_same/", page_size=4, **cursor)
        seen += [(pair["left"]["id"], pair["right"]["id"]) for pair in page["results"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(set(seen)) == len(seen) == 6
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"cursor": "x"}, 400, "invalid_cursor"),
        ({"cursor": "WyJhIiwiYiJd"}, 400, "invalid_cursor"),
        ({"page_size": "501"}, 422, "invalid_request"),
        ({"search": "김"}, 422, "invalid_request"),
    ],
)
@pytest.mark.parametrize("path", ["maybe_same/", "merges/"])
def test_broken_queries_are_refused(desk, path, query, status, code):
    answer, problem = desk.ask("GET", path, **query)
    assert (answer, problem["code"]) == (status, code)


def test_only_two_of_the_academys_own_are_kept_apart(academy, desk, stranger):
    one, foreign = desk.create(), stranger.create()
    for body, status, code in [
        ({"left_id": one, "right_id": one}, 422, "same_student"),
        ({"left_id": one, "right_id": foreign}, 404, "not_found"),
        ({"left_id": one, "right_id": NOBODY}, 404, "not_found"),
        ({"left_id": one}, 422, "invalid_request"),
        ({"left_id": one, "right_id": "김하나"}, 422, "invalid_request"),
    ]:
        answer, problem = desk.post("maybe_same/apart/", body)
        assert (answer, problem["code"]) == (status, code), body
    assert academy.all("SELECT count(*) FROM distinct_pair") == [(0,)]
