"""Asking the students service about sign-ins: what is sent, what is kept, and what its absence means."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest
from servicekit.auth import STUDENT, Identity
from servicekit.problem import Problem
from servicekit.sign_ins import SignIns

CHILD = UUID(int=7)
ALIVE = {"alive": True, "student_ids": [str(CHILD)]}


class Students:
    """The students service: what it was asked, and what it answers next."""

    def __init__(self):
        self.asked, self.answer = [], (200, json.dumps(ALIVE))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self):
        students = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                students.asked.append((self.path, self.headers["X-Worker-Token"], body))
                status, text = students.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                """Quiet."""

        return Handler


@pytest.fixture
def students():
    made = Students()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def caller(**changed):
    usual = {"tenant_id": "demo", "subject": str(uuid4()), "roles": STUDENT, "session": uuid4()}
    return Identity(**{**usual, **changed})


def test_a_sign_in_is_asked_about_once_in_ten_seconds(students):
    clock = Clock()
    sign_ins, who = SignIns(students.url, "token-1", monotonic=clock), caller()
    assert sign_ins.alive(who)
    assert sign_ins.find(who).students == {CHILD}
    sent = {"tenant_id": "demo", "session": str(who.session), "subject": who.subject}
    assert students.asked == [("/internal/sign-ins/", "token-1", sent)]
    students.answer = (200, json.dumps({"alive": False, "student_ids": []}))
    clock.now += 9.9
    assert sign_ins.alive(who)
    clock.now += 0.2
    assert not sign_ins.alive(who)
    assert sign_ins.find(who).students == frozenset()
    assert len(students.asked) == 2


def test_no_answer_serves_another_sign_in(students):
    sign_ins, who = SignIns(students.url, "t"), caller()
    others = [
        who,
        caller(subject=who.subject),
        caller(session=who.session),
        caller(subject=who.subject, session=who.session, tenant_id="other"),
    ]
    assert all(sign_ins.alive(one) for one in others)
    assert len(students.asked) == 4


def test_only_so_many_are_kept(students):
    sign_ins, callers = SignIns(students.url, "t", most=2), [caller() for _ in range(3)]
    for who in (*callers, callers[2], callers[1], callers[0]):
        sign_ins.alive(who)
    assert len(students.asked) == 4


def test_what_is_no_account_is_not_even_asked_about(students):
    sign_ins = SignIns(students.url, "t")
    assert not sign_ins.alive(caller(subject="teacher-1"))
    assert not sign_ins.alive(caller(session=None))
    assert students.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        (500, "{}"),
        (401, "{}"),
        (422, "{}"),
        (200, ""),
        (200, "[]"),
        (200, "{}"),
        (200, '{"alive": true}'),
        (200, '{"alive": true, "student_ids": ["x"]}'),
        (200, '{"alive": true, "student_ids": 7}'),
    ],
)
def test_without_an_answer_nobody_is_let_in_and_nothing_is_kept(students, answer):
    sign_ins, who = SignIns(students.url, "t"), caller()
    students.answer = answer
    with pytest.raises(Problem) as caught:
        sign_ins.alive(who)
    assert (caught.value.status, caught.value.code) == (503, "auth_unavailable")
    students.answer = (200, json.dumps(ALIVE))
    assert sign_ins.alive(who)


def test_a_service_that_is_away_is_told():
    with pytest.raises(Problem) as caught:
        SignIns("http://127.0.0.1:9", "t").alive(caller())
    assert (caught.value.code, caught.value.headers["Retry-After"]) == ("auth_unavailable", "5")
