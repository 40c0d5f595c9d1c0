"""The main job through real processes: a roster becomes enrolled students, every row with its outcome."""

import threading
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from testkit.academy import SCHEMAS, Academy, MixedRoster
from testkit.stack import second_worker
from testkit.workbooks import HEADER, workbook

pytestmark = pytest.mark.stack

MESSY = [
    HEADER,
    ("홍길동", "01087654321", "01012345678", "", "", "", ""),  # the template's sample
    ("김하나", "010-1234-5678", 1055556666, "고양중학교", "2", "여", ""),
    ("이두리", 1012345679, "", "서울고(1)", "", "남", ""),
    ("박세찬", "전화 없음", "", "", "", "", ""),
    ("김하나", "+82 10-1234-5678", "", "", "", "", ""),
    ("", "010-9999-0000", "", "", "", "", ""),
]


@pytest.fixture
def academy(stack):
    return Academy(stack, f"t-{uuid4().hex[:12]}")


def test_every_row_has_its_outcome(academy, tmp_path):
    lecture = academy.lecture("중2 수학")
    job = academy.upload(lecture, workbook(tmp_path / "명단.xlsx", {"명단": MESSY}))
    status = academy.finish(job)
    assert status["status"] == "DONE"
    assert status["progress"]["percent"] == 100
    rows = {
        row["row"]: (row["outcome"], row["student_outcome"], row["code"]) for row in academy.outcomes(job)
    }
    assert rows == {
        2: ("skipped", None, "sample_row"),
        3: ("enrolled", "created", None),
        4: ("enrolled", "created", None),
        5: ("failed", None, "invalid_parent_phone"),
        6: ("duplicate", None, "duplicate_in_file"),
        7: ("failed", None, "missing_name"),
    }
    result = status["result"]
    assert (result["rows_total"], result["enrolled_count"], result["failed_count"]) == (6, 2, 2)
    assert [failed["row"] for failed in result["failed"]] == [5, 7]


def test_thousands_of_rows_are_counted_right(academy, tmp_path):
    roster = MixedRoster(tmp_path, 4_000)
    roster.prepare(academy)
    status = academy.run(academy.lecture("이번 학기"), roster.file)
    assert status["status"] == "DONE"
    assert {name: status["result"][name] for name in roster.expected()} == roster.expected()


def test_a_dry_run_says_the_same_and_writes_nothing(academy, tmp_path):
    roster = MixedRoster(tmp_path, 100)
    roster.prepare(academy)
    lecture = academy.lecture("이번 학기")
    before = academy.contents()
    status = academy.run(lecture, roster.file, dry_run="true")
    assert {name: status["result"][name] for name in roster.expected()} == roster.expected()
    after = academy.contents()
    assert {k: v for k, v in after.items() if k != "import_rows"} == {
        k: v for k, v in before.items() if k != "import_rows"
    }


def test_the_same_file_again_is_the_same_job_unless_forced(academy, tmp_path):
    lecture = academy.lecture("중2 수학")
    file = workbook(tmp_path / "명단.xlsx", {"명단": MESSY})
    first = academy.upload(lecture, file)
    academy.finish(first)
    assert academy.upload(lecture, file) == first
    forced = academy.upload(lecture, file, force="true")
    assert forced != first
    assert academy.finish(forced)["result"]["already_enrolled_count"] == 2


def test_the_uploaded_file_is_gone_when_the_job_has_ended(academy, tmp_path):
    academy.run(academy.lecture("중2 수학"), workbook(tmp_path / "명단.xlsx", {"명단": MESSY}))
    academy.settle()
    assert academy.uploaded() == []


def test_two_academies_with_one_file_at_the_same_time_do_not_meet(stack, tmp_path):
    """Two worker processes of each service, two threads each."""
    file = MixedRoster(tmp_path, 800).file
    academies = [Academy(stack, f"t-{uuid4().hex[:12]}") for _ in range(2)]
    ended = {}

    def run(academy):
        ended[academy.tenant] = academy.run(academy.lecture("같은 강의"), file)

    threads = [threading.Thread(target=run, args=(academy,)) for academy in academies]
    with second_worker(stack, "enrollment"), second_worker(stack, "students"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {status["status"] for status in ended.values()} == {"DONE"}
    first, second = (academy.contents() for academy in academies)
    assert first == second
    assert len(first["students"]) == len(set(first["students"])) == 720
    jobs = [ended[academy.tenant]["job_id"] for academy in academies]
    with pytest.raises(Exception, match="404"):
        academies[0].api.get(f"/api/v1/enrollments/excel_job_status/{jobs[1]}/")


@pytest.fixture(scope="module")
def filled(stack, tmp_path_factory):
    """There is something to be seen in every schema."""
    academy = Academy(stack, f"t-{uuid4().hex[:12]}")
    file = workbook(tmp_path_factory.mktemp("filled") / "명단.xlsx", {"명단": MESSY})
    academy.run(academy.lecture("중2 수학"), file)
    academy.settle()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_runtime_role_sees_nothing_without_a_tenant(stack, schema):
    login = make_conninfo(stack.admin_url, user=f"{schema}_app", password=stack.secret(f"{schema}_app"))
    with psycopg.connect(login, autocommit=True) as conn:
        listed = conn.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = %s AND column_name = 'tenant_id'"
            " AND has_table_privilege(format('%%I.%%I', table_schema, table_name), 'SELECT')",
            [schema],
        )
        tables = [name for (name,) in listed]
        seen = {name: conn.execute(f"SELECT count(*) FROM {schema}.{name}").fetchone()[0] for name in tables}
    assert tables
    assert set(seen.values()) == {0}


def test_no_log_holds_a_phone_a_name_or_a_password(academy, stack, tmp_path):
    phone = f"0104{uuid4().int % 10**7:07d}"
    roster = [HEADER, ("개인정보", phone, "", "", "", "", ""), ("개인정보", f"x{phone}", "", "", "", "", "")]
    academy.run(academy.lecture("중2 수학"), workbook(tmp_path / "명단.xlsx", {"명단": roster}))
    academy.settle()
    again = "INSERT INTO students.parent SELECT tenant_id, gen_random_uuid(), phone FROM students.parent"
    with pytest.raises(psycopg.Error):  # what PostgreSQL itself would log with the values
        academy.query(f"{again} WHERE tenant_id = %(tenant)s AND phone = '{phone}'")
    logs = {path.name: path.read_text(errors="replace") for path in (stack.data / "logs").iterdir()}
    secrets = (phone, phone[3:], "개인정보", "spring-2026", "$argon2id$")
    assert [(name, secret) for name, text in logs.items() for secret in secrets if secret in text] == []
