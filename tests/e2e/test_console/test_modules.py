"""The console's functions that need no API, run where they live: in a browser."""

from __future__ import annotations

import pytest
from contracts.erasure import CONTEXTS
from enrollment.domain.imports import MAX_UPLOAD_BYTES, Outcome, StudentOutcome
from students.domain.records import MAX_PHOTO_BYTES
from students.domain.registration import Status
from students.domain.roster import GENDERS, SCHOOL_TYPES

pytestmark = pytest.mark.browser


def test_time_left_reads_as_a_rough_promise(evaluate):
    words = {
        "null": "", "NaN": "", "0": "곧 끝납니다", "4": "곧 끝납니다", "7": "약 10초 남음",
        "47": "약 50초 남음",
        "54": "약 55초 남음", "56": "약 1분 남음", "150": "약 3분 남음", "3600": "약 1시간 남음",
        "5400": "약 1시간 30분 남음",
    }  # fmt: skip
    assert evaluate("format.js", f"[{', '.join(words)}].map(m.timeLeft)") == list(words.values())


def test_values_read_in_korean(evaluate):
    assert evaluate("format.js", "m.number(1234567)") == "1,234,567"
    assert evaluate("format.js", "[900, 2048, 3 * 1024 * 1024].map(m.size)") == [
        "900 B",
        "2 KB",
        "3.0 MB",
    ]
    phones = "['01012345678', '0212345678', null].map(m.phone)"
    assert evaluate("format.js", phones) == ["010-1234-5678", "0212345678", ""]
    # half past midnight in Seoul is the day before in UTC
    assert "11월 24일" in evaluate("format.js", "m.when('2026-11-23T15:30:00Z')")
    assert evaluate("format.js", "m.when('nonsense')") == ""
    assert evaluate("format.js", "m.today(new Date('2026-11-23T15:30:00Z'))") == "2026-11-24"


def test_the_token_never_follows_a_link_to_another_host(evaluate):
    away = "['https://evil.example/api/v1/x/?a=1', '//evil.example/y', '/api/v1/z/'].map(m.ownPath)"
    assert evaluate("api.js", away) == ["/api/v1/x/?a=1", "/y", "/api/v1/z/"]


def test_html_strings_are_refused(evaluate):
    tries = """['innerHTML', 'style', 'outerHTML'].map((name) => {
      try { m.h('p', {[name]: 'x'}); return false } catch { return true }
    })"""
    assert evaluate("ui/dom.js", tries) == [True, True, True]
    assert evaluate("ui/dom.js", "m.h('p', {}, '<b>x</b>').innerHTML") == "&lt;b&gt;x&lt;/b&gt;"


def test_an_attempt_keeps_its_key_until_it_is_settled(evaluate):
    keys = """(() => {
      const a = new m.Attempt();
      const draft = {file: {}, lectureId: 'l', sessionId: null, password: 'p', dryRun: true, force: false};
      const first = a.keyFor({...draft}), again = a.keyFor({...draft});
      const other = a.keyFor({...draft, dryRun: false});
      a.settle();
      return [first === again, first === other, other === a.keyFor({...draft, dryRun: false})];
    })()"""
    assert evaluate("roster/attempt.js", keys) == [True, False, False]


def test_the_words_and_limits_are_the_services(evaluate):
    assert evaluate("roster/file-check.js", "m.MAX_MB") * 1024 * 1024 == MAX_UPLOAD_BYTES
    assert set(evaluate("labels.js", "m.OUTCOMES.map((o) => o.code)")) == set(Outcome)
    assert set(evaluate("labels.js", "Object.keys(m.STUDENT_OUTCOMES)")) == set(StudentOutcome)
    assert set(evaluate("labels.js", "Object.keys(m.SCHOOL_TYPES)")) == set(SCHOOL_TYPES)
    assert set(evaluate("labels.js", "Object.keys(m.GENDERS)")) == set(GENDERS)
    assert set(evaluate("labels.js", "Object.keys(m.REQUEST_STATES)")) == set(Status)
    assert set(evaluate("labels.js", "Object.keys(m.SERVICES)")) == set(CONTEXTS)
    assert evaluate("students/client.js", "m.MAX_PHOTO_BYTES") == MAX_PHOTO_BYTES


def test_a_change_says_only_what_differs(evaluate):
    changes = """m.changesOf(
      {name: '김하나', grade: 2, memo: null, custom_fields: {b: '1', a: '2'}, is_managed: false},
      {name: '김하나', grade: 1, custom_fields: {a: '2', b: '1'}, is_managed: true, version: 3})"""
    assert evaluate("students/form.js", changes) == {"grade": 2, "is_managed": False}
    assert evaluate("students/form.js", "m.filled({a: null, b: false, c: ''})") == {
        "b": False,
        "c": "",
    }


def test_a_student_in_a_line(evaluate):
    lines = """[{school: '한빛중', grade: 2, school_class: '3'}, {school_type: 'HIGH', school_class: '이과A'},
      {school: '새봄초'}, {}].map(m.schoolLine)"""
    assert evaluate("students/words.js", lines) == [
        "한빛중 2학년 3반",
        "고등학교 이과A",
        "새봄초",
        "",
    ]
