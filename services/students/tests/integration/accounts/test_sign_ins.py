"""What other services are told of a sign-in: whether it counts, and whose things it may see."""

from uuid import uuid4

import jwt
import pytest
from testkit.api import internal, refused

PATH = "/internal/sign-ins/"


@pytest.fixture
def ask(app):
    """`ask(tokens)`: what is said of the sign-in of these tokens; `changed` parts of the question."""

    def run(tokens, **changed):
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        asked = {"tenant_id": claims["tenant_id"], "session": claims["sid"], "subject": claims["sub"]}
        answer = internal(app).post(PATH, json={**asked, **changed})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    return run


DEAD = {"alive": False, "student_ids": []}


def test_a_student_sees_the_own_record_and_a_parent_the_active_children(door, enrol, kim, desk, ask):
    sibling = enrol({"name": "김둘", "parent_phone": "01099998888", "student_phone": "01011113333"})[0]
    enrol({"name": "박하나", "parent_phone": "01077776666", "student_phone": "01011114444"})
    student, parent = door.settled("01011112222"), door.settled("01099998888")
    assert ask(student) == {"alive": True, "student_ids": [kim]}
    assert ask(parent) == {"alive": True, "student_ids": sorted([kim, sibling])}
    assert desk.delete(f"/api/v1/students/{sibling}/").status_code in (200, 204)
    assert ask(parent) == {"alive": True, "student_ids": [kim]}


def test_who_was_signed_out_or_deleted_or_is_somebody_else_sees_nobody(door, kim, desk, ask):
    first, second = door.settled("01011112222"), door.sign_in("01011112222").get_json()
    assert ask(first, session=str(uuid4())) == DEAD
    assert ask(first, subject=str(uuid4())) == DEAD
    assert ask(first, tenant_id="other") == DEAD
    door.revoke(first["refresh_token"])
    assert ask(first) == DEAD
    assert ask(second)["alive"] is True
    desk.delete(f"/api/v1/students/{kim}/")
    assert ask(second) == DEAD


@pytest.mark.parametrize(
    "changed", [{"session": "x"}, {"subject": None}, {"tenant_id": "NO SUCH"}, {"tenant_id": ""}, {"more": 1}]
)
def test_a_malformed_question_is_refused(app, changed):
    body = {"tenant_id": "demo", "session": str(uuid4()), "subject": str(uuid4()), **changed}
    assert refused(internal(app).post(PATH, json=body))[:2] == (422, "invalid_request")
