"""Denied numbers and refusals: they count at once, and no answer holds a number."""

PHONE = "01000000000"
WHY = "민원"


def numbers(desk, path, **query):
    return [one["fingerprint"] for one in desk.get(path, **query)["results"]]


def test_a_denied_number_gets_nothing_and_then_everything_again(desk, desk_of, academy, provider):
    academy.queue_many(2)
    made = desk.post("denylist/", 201, phone="010-0000-0000", reason=WHY)
    assert (made["fingerprint"], made["recipient"]) == (desk.fingerprint(PHONE), "0100****")
    assert (made["reason"], made["created_by"]) == (WHY, "user-1")
    assert PHONE not in str(desk.get("denylist/"))
    academy.send()
    assert academy.states() == {"ACCEPTED": 1, "SKIPPED:denylisted": 1}

    answer = desk.ask("POST", f"denylist/{made['fingerprint']}/remove/", {"reason": "해결"})
    assert answer.status_code == 204
    assert numbers(desk, "denylist/") == []
    academy.queue(academy.wanted(0, occurrence="2"))
    academy.send()
    assert academy.states() == {"ACCEPTED": 2, "SKIPPED:denylisted": 1}
    trail = [(one["action"], one["reason"]) for one in desk_of(role="admin").get("trail/")["results"]]
    assert trail == [("allowed", "해결"), ("denied", WHY)]


def test_a_refusal_of_advertising_widens_and_does_not_narrow(desk, academy):
    made = desk.post("opt-outs/", 201, phone=PHONE, scope="ad", reason=WHY)
    assert (made["scope"], made["source"], made["recipient"]) == ("ad", "staff", "0100****")
    assert desk.refused("POST", "opt-outs/", {"phone": PHONE, "scope": "ad", "reason": WHY}) == (
        409, "opted_out_already"
    )  # fmt: skip
    assert desk.post("opt-outs/", 201, phone=PHONE, scope="all", reason=WHY)["scope"] == "all"
    assert desk.refused("POST", "opt-outs/", {"phone": PHONE, "scope": "ad", "reason": WHY}) == (
        409, "opted_out_already"
    )  # fmt: skip
    academy.queue_many(1)
    assert academy.states() == {"SKIPPED:opted_out": 1}
    assert numbers(desk, "opt-outs/", scope="all") == [made["fingerprint"]]
    assert numbers(desk, "opt-outs/", scope="ad") == []
    answer = desk.ask("POST", f"opt-outs/{made['fingerprint']}/remove/", {"reason": "본인 요청"})
    assert (answer.status_code, numbers(desk, "opt-outs/")) == (204, [])


def test_lists_are_paged_newest_first(desk):
    for number in range(5):
        desk.post("denylist/", 201, phone=f"0100000000{number}", reason=str(number))
    first = desk.get("denylist/", page_size=2)
    second = desk.get("denylist/", page_size=3, cursor=first["next"])
    assert [one["reason"] for one in first["results"] + second["results"]] == ["4", "3", "2", "1", "0"]
    assert second["next"] is None


def test_another_academy_sees_and_removes_nothing(desk, desk_of):
    made = desk.post("denylist/", 201, phone=PHONE, reason=WHY)
    desk.post("opt-outs/", 201, phone=PHONE, scope="all", reason=WHY)
    other = desk_of("other")
    for path in ("denylist/", "opt-outs/"):
        assert numbers(other, path) == []
        body = {"reason": WHY}
        assert other.refused("POST", f"{path}{made['fingerprint']}/remove/", body) == (404, "not_found")
        assert numbers(desk, path) == [made["fingerprint"]]


def test_what_is_refused(check_refusals, desk):
    wrong = [
        {}, {"phone": PHONE}, {"reason": WHY}, {"phone": "021234567", "reason": WHY},
        {"phone": "0101234567", "reason": WHY}, {"phone": 1000000000, "reason": WHY},
        {"phone": PHONE, "reason": ""}, {"phone": PHONE, "reason": "가" * 501},
        {"phone": PHONE, "reason": "\x00"}, {"phone": PHONE, "reason": WHY, "fingerprint": "x"},
    ]  # fmt: skip
    scoped = [{**one, "scope": "ad"} for one in wrong]
    scopes = [{"phone": PHONE, "reason": WHY, "scope": scope} for scope in ("AD", "", None, ["ad"])]
    nothing = "0" * 32
    check_refusals(
        [
            *((("POST", "denylist/", body), 422, "invalid_request") for body in wrong),
            *((("POST", "opt-outs/", body), 422, "invalid_request") for body in [*scoped, *scopes]),
            *((("POST", f"{path}/{nothing}/remove/", {}), 422, "invalid_request")
              for path in ("denylist", "opt-outs")),
            *((("POST", f"{path}/{name}/remove/", {"reason": WHY}), 404, "not_found")
              for path in ("denylist", "opt-outs") for name in (nothing, "x", "가", "%00"[:1])),
            (("GET", "opt-outs/?scope=everything", None), 422, "invalid_request"),
            (("GET", "denylist/?cursor=x", None), 400, "invalid_cursor"),
            (("GET", "denylist/?page_size=501", None), 422, "invalid_request"),
        ]
    )  # fmt: skip
    assert numbers(desk, "denylist/") == numbers(desk, "opt-outs/") == []


def test_a_number_twice(desk):
    desk.post("denylist/", 201, phone=PHONE, reason=WHY)
    assert desk.refused("POST", "denylist/", {"phone": "+82 10 0000 0000", "reason": "x"}) == (
        409, "denied_already"
    )  # fmt: skip
