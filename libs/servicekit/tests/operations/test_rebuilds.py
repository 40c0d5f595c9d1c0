"""A read model is rebuilt by two calls: the subscriber forgets, the publisher sends again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from eventkit import archive, inbox
from eventkit.envelope import encode
from eventkit.outbox import Row, mark_sent, write
from eventkit.subscription import on
from sqlalchemy import text
from testkit.api import refused

TYPE, OTHER = "students.student.changed", "students.student.merged"
INVALID = (422, "invalid_request", "입력값을 확인해 주세요.")
NOT_REBUILDABLE = (422, "not_rebuildable", "다시 만들 수 있는 조회 모델의 이벤트가 아닙니다.")


def asked(*types: str, **more: Any) -> dict[str, Any]:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    return {
        "types": list(types),
        "since": (now - hour).isoformat(),
        "until": (now + hour).isoformat(),
        **more,
    }


def keep(_uow: Any, _events: Any) -> None:
    """Keeps a read model."""


@pytest.fixture
def sent(desk: Any) -> list[Any]:
    """Two events that were sent to media and to messaging, and handled here."""
    events = [desk.event(number) for number in range(2)]
    with desk.kit.database.tenant("demo") as conn:
        write(conn, [Row(e, to, encode(e)) for e in events for to in ("media", "messaging")])
        inbox.claim(conn, "keep", events)
    with desk.kit.database.system() as conn:
        mark_sent(conn, list(conn.execute(text("SELECT seq FROM outbox")).scalars()))
        archive.declare(conn, [on(TYPE, keep, rebuildable=True), on(OTHER, keep)])
    return events


def test_the_subscriber_forgets_what_it_had(desk: Any, sent: Any) -> None:
    answer = desk.operator.post("rebuilds/", asked(TYPE))
    assert (answer.status_code, answer.get_json()) == (200, {"forgotten": 2})
    assert desk.one("SELECT count(*) FROM inbox") == 0
    assert desk.operator.post("rebuilds/", asked(TYPE)).get_json() == {"forgotten": 0}
    assert desk.audited() == [("operator-1", "read_model_rebuilt")] * 2
    row = desk.viewer.get("audit/").get_json()["results"][-1]
    assert (row["subject"], sorted(row["detail"])) == (TYPE, ["since", "until"])


def test_the_publisher_sends_again_to_one_service(desk: Any, sent: Any) -> None:
    answer = desk.operator.post("resends/", asked(TYPE, destination="media"))
    assert (answer.status_code, answer.get_json()) == (200, {"sent": 2})
    waiting = desk.kit.admin.execute("SELECT destination, id FROM outbox WHERE sent_at IS NULL ORDER BY seq")
    assert waiting.fetchall() == [("media", event.id) for event in sent]
    assert desk.operator.post("resends/", asked(OTHER, destination="media")).get_json() == {"sent": 0}
    rows = desk.viewer.get("audit/").get_json()["results"]
    assert [(row["action"], row["subject"]) for row in rows] == [
        ("events_resent", "0 to media"), ("events_resent", "2 to media"),
    ]  # fmt: skip
    assert rows[1]["detail"]["types"] == [TYPE]


@pytest.mark.parametrize("types", [[OTHER], [TYPE, OTHER], ["nobody.has.this"]])
def test_what_is_more_than_a_read_model_is_never_forgotten(desk: Any, sent: Any, types: list[str]) -> None:
    assert refused(desk.operator.post("rebuilds/", asked(*types))) == NOT_REBUILDABLE
    assert desk.one("SELECT count(*) FROM inbox") == 2
    assert desk.audited() == []


REQUIRED = ["필수 항목입니다."]
BAD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"types": []}, {"types": ["1개 이상 100개 이하여야 합니다."]}),
    ({"types": ["a"] * 101}, {"types": ["1개 이상 100개 이하여야 합니다."]}),
    ({"types": "all"}, {"types": ["목록이어야 합니다."]}),
    ({"types": None}, {"types": ["비워 둘 수 없습니다."]}),
    ({"types": [1]}, {"types": {"0": ["문자열이어야 합니다."]}}),
    ({"types": ["x" * 101]}, {"types": {"0": ["100자 이하여야 합니다."]}}),
    ({"since": None}, {"since": ["비워 둘 수 없습니다."]}),
    ({"until": "2020-01-01T00:00:00+00:00"}, {"until": ["since보다 뒤, 31일 이내여야 합니다."]}),
    ({"until": "9999-12-31T00:00:00+00:00"}, {"until": ["since보다 뒤, 31일 이내여야 합니다."]}),
    ({"tenant_id": "demo"}, {"tenant_id": ["알 수 없는 항목입니다."]}),
]


@pytest.mark.parametrize(("wrong", "errors"), BAD)
@pytest.mark.parametrize("path", ["rebuilds/", "resends/"])
def test_a_wrong_question_changes_nothing(
    desk: Any, sent: Any, path: str, wrong: dict[str, Any], errors: dict[str, Any]
) -> None:
    right = asked(TYPE, **({"destination": "media"} if path == "resends/" else {}))
    answer = desk.operator.post(path, {**right, **wrong})
    assert refused(answer) == INVALID
    assert answer.get_json()["errors"] == errors
    assert desk.one("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0
    assert desk.one("SELECT count(*) FROM inbox") == 2
    assert desk.audited() == []


def test_a_resend_names_its_destination(desk: Any) -> None:
    answer = desk.operator.post("resends/", asked(TYPE))
    assert (refused(answer), answer.get_json()["errors"]) == (INVALID, {"destination": REQUIRED})
