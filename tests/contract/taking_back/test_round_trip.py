"""Random sheets, there and back: the result workbook says of every row what a model says that never saw the
code; then the import is taken back, and both databases are as before.
"""

import unicodedata

import pytest
from enrollment.usecases.plans import accept_plan
from enrollment.usecases.undo import request_undo
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from students.usecases import trash

EXAMPLES = 4
HEADER = ("이름", "학부모전화", "학교", "구분")
FAILED, SKIPPED, TWICE = "실패", "건너뜀", "중복"
# whom the academy knows, and how a row of theirs ends
PEOPLE = [
    ("김하나", "01010000001", "등록(기존 학생)"),
    ("이두리", "01010000002", "등록(기존 학생)"),  # had left the lecture
    ("박세찬", "01010000003", "등록(복원된 학생)"),
    ("최네온", "01010000004", "이미 등록됨"),
    ("한새봄", "01010000005", "확인 필요"),  # in the trash twice
    ("정다온", "01020000001", "등록(신규 학생)"),
    ("김하나", "01020000002", "등록(신규 학생)"),  # another one of that name
    ("오동생", "01010000001", "등록(신규 학생)"),  # a brother of the first
    ("윤빛나", "1234", FAILED),
    ("윤빛나", "02-312-4567", FAILED),
    ("윤빛나", "", FAILED),
    ("", "01020000003", FAILED),
    ("3월", "01020000004", FAILED),
]
PHONES = {
    "plain": str,
    "dashes": lambda phone: f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
    "number": int,  # Excel has taken the zero
    "abroad": lambda phone: f"+82 {phone[1:3]}-{phone[3:7]}-{phone[7:]}",
}
NAMES = {
    "plain": str,
    "blanks": lambda name: f" {name} ",
    "letters": lambda name: unicodedata.normalize("NFD", name),  # as macOS writes it
}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(list(NAMES)),
        st.sampled_from(list(PHONES)),
        st.sampled_from(["@cmd", "서울고", '<b>&"']),
        st.sampled_from([None, None, None, "예시"]),
    ),
    min_size=1,
    max_size=30,
).filter(lambda rows: any(who[2] != FAILED and mark is None for who, *_, mark in rows))


def typed(row):
    (name, phone, end), name_as, phone_as, school, mark = row
    return (NAMES[name_as](name) or None, phone if end == FAILED else PHONES[phone_as](phone), school, mark)


def model(rows):
    seen, ends = set(), []
    for (name, phone, end), *_, mark in rows:
        if mark:
            ends.append(SKIPPED)
        elif end == FAILED:
            ends.append(FAILED)
        else:
            ends.append(TWICE if (name, phone) in seen else end)
            seen.add((name, phone))
    return ends


@pytest.fixture
def lecture(wire):
    known = [(name, phone) for name, phone, _ in PEOPLE[:4]]
    wire.run(wire.lecture("지난 학기"), known, header=HEADER[:2])
    new = wire.lecture("이번 학기")
    wire.run(new, [known[1], known[3]], header=HEADER[:2])
    wire.all("enrollment", "UPDATE enrollment SET status = 'INACTIVE', version = nextval('change_seq')"
             " WHERE lecture_id = %s AND student_id = (SELECT student_id FROM student_ref WHERE name = %s)",
             new, "이두리")  # fmt: skip
    with wire.work("students") as uow:
        trash.delete_students(uow, wire.staff, [wire.student("박세찬")["id"]])
    wire.settle()
    for _ in range(2):
        wire.all("students", "INSERT INTO student (id, tenant_id, name, name_key, parent_phone, deleted_at)"
                 " VALUES (gen_random_uuid(), 'hangang', %s, %s, %s, now())",
                 PEOPLE[4][0], PEOPLE[4][0], PEOPLE[4][1])  # fmt: skip
    return new


# one that fails is not made smaller: each try takes seconds
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, previewed=st.booleans(), deaths=st.sampled_from([0.0, 0.5]))
def test_what_the_workbook_says_is_what_the_model_says(wire, lecture, rows, previewed, deaths):
    before = wire.state()
    sheet = [typed(row) for row in rows]
    job_id = wire.run(lecture, sheet, header=HEADER, dry_run=previewed)
    planned, meanwhile = wire.sheet(job_id), wire.state()
    if previewed:
        with wire.work("enrollment") as uow:
            job_id = accept_plan(uow, job_id, "user-1").job_id
        wire.settle()
    told = wire.sheet(job_id)
    with wire.work("enrollment") as uow:
        request_undo(uow, job_id, "user-2")
    wire.settle(deaths=deaths)
    # all that is compared comes last: the next example finds things as this one has
    assert wire.state() == before
    assert [row[4] for row in told] == model(rows)
    assert [(row[0], row[2], row[3]) for row in told] == [(row[0], row[2], row[3]) for row in sheet]
    if previewed:
        assert [row[4] for row in planned] == [f"{end} 예정" for end in model(rows)]
        assert meanwhile == before
    assert wire.all("enrollment", "SELECT FROM import_chunk") == []
