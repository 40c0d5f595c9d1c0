"""Templates: what is written, how it would look, and what Kakao's reviewers say of it."""

import pytest
from messaging.ports import ProviderRefusedError, ProviderUnavailableError, TemplateState
from messaging.usecases.templates import refresh_reviews

PFID = "KA01PF000000000000000000000000"


@pytest.fixture
def reviewers(provider):
    """The provider takes templates in; `reviewers[code]` is what its people say of one."""
    said = {}

    def register(pfid, name, content):
        said[f"T-{name}"] = TemplateState("PENDING", None)
        return f"T-{name}"

    def state(code):
        if code not in said:
            raise ProviderRefusedError("TemplateNotFound")
        return said[code]

    provider.register_template, provider.template_state = register, state
    return said


def test_a_template_has_what_was_given_and_defaults_for_the_rest(desk):
    made = desk.template(name="  등원  안내 ", content="#{student_name} 학생이\n등원했습니다.")
    assert (made["name"], made["content"]) == ("등원  안내", "#{student_name} 학생이\n등원했습니다.")
    assert (made["category"], made["purpose"], made["subject"], made["review"]) == (
        "default",
        "INFO",
        None,
        "",
    )
    assert desk.get(f"templates/{made['id']}/") == made
    changed = desk.patch(f"templates/{made['id']}/", category="attendance", subject="알림")
    assert (changed["category"], changed["subject"], changed["content"]) == (
        "attendance", "알림", made["content"]
    )  # fmt: skip


def test_templates_are_listed_by_name_of_a_category_in_pages(desk, desk_of):
    for name, category in (("다", "exam"), ("가", "exam"), ("나", "clinic")):
        desk.template(name=name, category=category)
    desk_of("other").template(name="라", category="exam")
    first = desk.get("templates/", page_size=2)
    second = desk.get("templates/", page_size=2, cursor=first["next"])
    assert [row["name"] for row in first["results"] + second["results"]] == ["가", "나", "다"]
    assert second["next"] is None
    assert [row["name"] for row in desk.get("templates/", category="exam")["results"]] == ["가", "다"]


def test_a_name_is_free_again_once_its_template_is_deleted(desk, desk_of):
    first = desk.template()
    assert desk.refused("POST", "templates/", {"name": "안내", "content": "x"}) == (409, "template_exists")
    desk_of("other").template()
    other = desk.template(name="다른")
    assert desk.refused("PATCH", f"templates/{other['id']}/", {"name": "안내"}) == (409, "template_exists")
    assert desk.ask("DELETE", f"templates/{first['id']}/").status_code == 204
    desk.template()
    assert desk.refused("GET", f"templates/{first['id']}/") == (404, "not_found")


def test_what_a_trigger_says_stays(desk):
    one = desk.template()["id"]
    desk.academy.db.admin.execute(
        "INSERT INTO trigger_setting (tenant_id, trigger, template_id, changed_by)"
        " VALUES ('hangang', 'clinic_absent', %s, 'user-1')",
        [one],
    )
    assert desk.refused("DELETE", f"templates/{one}/") == (409, "template_in_use")


def test_hostile_templates(desk, desk_of, check_refusals, nobody):
    mine, foreign = desk.template()["id"], desk_of("other").template()["id"]
    bodies = [
        ([], 422, "invalid_request"),
        ({"name": ""}, 422, "invalid_request"),
        ({"name": None}, 422, "invalid_request"),
        ({"name": "가" * 101}, 422, "invalid_request"),
        ({"content": " \n"}, 422, "invalid_request"),
        ({"content": 7}, 422, "invalid_request"),
        ({"content": "가" * 2001}, 422, "invalid_request"),
        ({"content": "가" * 1001}, 400, "too_long"),
        ({"content": "a\x00"}, 422, "invalid_request"),
        ({"content": "#{student_name"}, 400, "unbalanced_variable"),
        ({"content": "#{}"}, 400, "unbalanced_variable"),
        ({"content": "#{a.b}"}, 400, "unbalanced_variable"),
        ({"subject": "#{"}, 400, "unbalanced_variable"),
        ({"subject": "가" * 21}, 400, "too_long"),
        ({"subject": "가\n나"}, 422, "invalid_request"),
        ({"category": "x"}, 422, "invalid_request"),
        ({"purpose": "info"}, 422, "invalid_request"),
        ({"review": "APPROVED"}, 422, "invalid_request"),
        ({"tenant_id": "other"}, 422, "invalid_request"),
    ]
    whole = {"name": "새", "content": "내용"}
    table = [
        (("POST", "templates/", body if body == [] else {**whole, **body}), *answer)
        for body, *answer in bodies
    ]
    table += [(("PATCH", f"templates/{mine}/", body), *answer) for body, *answer in bodies]
    for one in (foreign, nobody):
        table += [
            (("GET", f"templates/{one}/", None), 404, "not_found"),
            (("PATCH", f"templates/{one}/", {"name": "새"}), 404, "not_found"),
            (("DELETE", f"templates/{one}/", None), 404, "not_found"),
            (("POST", f"templates/{one}/submit-review/", None), 404, "not_found"),
            (("POST", "templates/preview/", {"template_id": one}), 404, "not_found"),
        ]
    table += [
        (("GET", "templates/?category=x", None), 422, "invalid_request"),
        (("GET", "templates/?cursor=x", None), 400, "invalid_cursor"),
        (("GET", "templates/?page=2", None), 422, "invalid_request"),
        (("GET", "templates/1/", None), 404, "not_found"),
    ]
    check_refusals(table)


def test_a_preview_is_the_real_substitution(desk):
    (one,) = desk.students(("김하나", "01011112222"))
    desk.academy.set(display_name="한강학원")
    made = desk.post(
        "templates/preview/",
        content="[#{academy}] #{student_name} #{date} #{ place }",
        student_id=one,
        variables={"date": "3월 2일", "student_name": "남의 이름"},
    )
    assert made["text"] == "[한강학원] 김하나 3월 2일 #{place}"
    assert (made["kind"], made["missing_variables"]) == ("SMS", ["place"])
    assert made["variables"] == ["academy", "student_name", "date", "place"]
    assert made["bytes"] == 34


@pytest.mark.parametrize(
    ("text", "subject", "kind", "bytes_"),
    [
        ("가" * 45, "", "SMS", 90),
        ("가" * 45 + "a", "", "LMS", 91),
        ("똠", "", "SMS", 2),
        ("가", "제목", "LMS", 2),
        ("가" * 1000, "", "LMS", 2000),
        ("가" * 1000 + "a", "", None, 2001),
    ],
)
def test_a_preview_counts_as_carriers_do(desk, text, subject, kind, bytes_):
    made = desk.post("templates/preview/", content=text, subject=subject)
    assert (made["kind"], made["bytes"]) == (kind, bytes_)


def test_a_preview_names_what_no_phone_shows_with_its_place(desk):
    made = desk.post("templates/preview/", content="안녕😀 café", subject="✓")
    assert made["unsendable"] == [
        {"field": "body", "position": 2, "character": "😀"},
        {"field": "body", "position": 7, "character": "é"},
        {"field": "subject", "position": 0, "character": "✓"},
    ]


def test_a_preview_of_an_advertisement_has_what_the_law_wants(desk):
    ask = {"content": "(광고) 특강", "purpose": "AD"}
    assert desk.refused("POST", "templates/preview/", ask) == (400, "ad_not_ready")
    desk.academy.set(display_name="한강학원", opt_out_number="0808701234")
    assert desk.post("templates/preview/", **ask)["text"] == "(광고) 한강학원\n특강\n무료수신거부 0808701234"


def test_hostile_previews(desk, check_refusals, nobody):
    for_all = {"content": "가"}
    check_refusals(
        (("POST", "templates/preview/", body), status, code)
        for body, status, code in [
            ({}, 422, "invalid_request"),
            ({"content": "가", "template_id": nobody}, 422, "invalid_request"),
            ({"content": "#{a"}, 400, "unbalanced_variable"),
            ({**for_all, "student_id": nobody}, 400, "unknown_students"),
            ({**for_all, "student_id": "x"}, 422, "invalid_request"),
            ({**for_all, "variables": []}, 422, "invalid_request"),
            ({**for_all, "variables": {"a": 1}}, 422, "invalid_request"),
            ({**for_all, "variables": {"a": "가" * 501}}, 422, "invalid_request"),
            ({**for_all, "variables": {str(n): "" for n in range(51)}}, 422, "invalid_request"),
        ]
    )


def test_a_template_is_handed_in_reviewed_and_told(desk, reviewers):
    desk.academy.set(kakao_pfid=PFID)
    one = desk.template()["id"]
    assert desk.post(f"templates/{one}/submit-review/")["review"] == "PENDING"
    refresh_reviews(desk.academy.db.database, desk.academy.clock.now(), provider=desk.academy.provider)
    assert desk.get(f"templates/{one}/")["review"] == "PENDING"
    assert desk.refused("POST", f"templates/{one}/submit-review/") == (409, "in_review")
    assert desk.refused("PATCH", f"templates/{one}/", {"content": "새"}) == (409, "in_review")
    desk.patch(f"templates/{one}/", category="exam")
    reviewers["T-안내"] = TemplateState("REJECTED", "변수가 너무 많습니다.")
    refresh_reviews(desk.academy.db.database, desk.academy.clock.now(), provider=desk.academy.provider)
    told = desk.get(f"templates/{one}/")
    assert (told["review"], told["review_comment"]) == ("REJECTED", "변수가 너무 많습니다.")
    assert desk.post(f"templates/{one}/submit-review/")["review_comment"] is None
    reviewers["T-안내"] = TemplateState("APPROVED", None)
    refresh_reviews(desk.academy.db.database, desk.academy.clock.now(), provider=desk.academy.provider)
    assert desk.refused("POST", f"templates/{one}/submit-review/") == (409, "approved_already")
    assert desk.patch(f"templates/{one}/", content="다른 내용")["review"] == ""


def test_a_template_that_kakao_does_not_know_any_more_is_rejected(desk, reviewers):
    desk.academy.set(kakao_pfid=PFID)
    one = desk.template()["id"]
    desk.post(f"templates/{one}/submit-review/")
    reviewers.clear()
    refresh_reviews(desk.academy.db.database, desk.academy.clock.now(), provider=desk.academy.provider)
    assert desk.get(f"templates/{one}/")["review_comment"] == "TemplateNotFound"


def test_a_provider_without_an_answer_for_one_template_tells_of_the_others(desk, reviewers, provider):
    desk.academy.set(kakao_pfid=PFID)
    ids = [desk.template(name=name)["id"] for name in ("가", "나", "다")]
    for one in ids:
        desk.post(f"templates/{one}/submit-review/")
    asked = provider.template_state

    def state(code):
        if code == "T-가":
            raise ProviderUnavailableError("timeout")
        return asked(code)

    provider.template_state = state
    reviewers.update(dict.fromkeys(reviewers, TemplateState("APPROVED", None)))
    refresh_reviews(desk.academy.db.database, desk.academy.clock.now(), provider=provider)
    reviews = {row["name"]: row["review"] for row in desk.get("templates/")["results"]}
    assert reviews == {"가": "PENDING", "나": "APPROVED", "다": "APPROVED"}


def test_what_cannot_be_handed_in(desk, reviewers, check_refusals):
    one, ad = desk.template()["id"], desk.template(name="광고", purpose="AD")["id"]
    check_refusals([(("POST", f"templates/{one}/submit-review/", None), 400, "no_channel")])
    desk.academy.set(kakao_pfid=PFID)
    # as the earlier system left one, before this was refused when it was written
    desk.academy.db.admin.execute(
        "INSERT INTO template (tenant_id, id, category, name, purpose, content)"
        " VALUES ('hangang', gen_random_uuid(), 'default', '옛', 'INFO', '#{name')"
    )
    old = next(row["id"] for row in desk.get("templates/")["results"] if row["name"] == "옛")
    check_refusals(
        [
            (("POST", f"templates/{ad}/submit-review/", None), 400, "alimtalk_is_information"),
            (("POST", f"templates/{old}/submit-review/", None), 400, "unbalanced_variable"),
        ]
    )
    assert reviewers == {}


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ProviderRefusedError("ValidationError"), (400, "template_refused")),
        (ProviderUnavailableError("connect"), (503, "unavailable")),
    ],
)
def test_a_provider_that_takes_none_leaves_the_template_as_it_was(desk, provider, error, answer):
    def register(*_):
        raise error

    provider.register_template = register
    desk.academy.set(kakao_pfid=PFID)
    one = desk.template()
    assert desk.refused("POST", f"templates/{one['id']}/submit-review/") == answer
    assert desk.get(f"templates/{one['id']}/") == one
