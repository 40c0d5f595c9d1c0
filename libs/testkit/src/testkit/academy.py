"""One academy on a running stack: what its front desk does, and what an auditor sees in the database."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from academyctl.client import ApiClient, ApiError, Json
from contracts import SERVICES, package_of

from testkit.stack import LocalStack
from testkit.waiting import wait_until
from testkit.workbooks import HEADER, Row, roster_rows, workbook

T = TypeVar("T")
ENROLLMENTS = "/api/v1/enrollments"
LECTURES = "/api/v1/lectures/lectures/"
SCHEMAS = tuple(package_of(service) for service in SERVICES)


class Academy:
    """A tenant. Calls repeat while a part of the stack restarts, uploads under one Idempotency-Key."""

    def __init__(self, stack: LocalStack, tenant: str) -> None:
        self.stack = stack
        self.tenant = tenant
        self.api = ApiClient(stack.base_url, stack.token(tenant))

    def lecture(self, title: str) -> str:
        """The id of a new lecture; waits for a part that an earlier test has killed."""
        patiently(lambda: self.api.get(LECTURES, page_size="1"))
        return str(self.api.post(LECTURES, {"title": title})["id"])

    def upload(self, lecture: str, file: Path, **fields: str) -> str:
        """The id of the accepted job."""
        form = {"lecture_id": lecture, "initial_password": "spring-2026", **fields}
        key = secrets.token_hex(8)
        path = f"{ENROLLMENTS}/lecture_enroll_from_excel/"
        answer: Json = patiently(lambda: self.api.upload(path, form, file, idempotency_key=key))
        return str(answer["job_id"])

    def status(self, job: str) -> Json:
        return patiently(lambda: self.api.get(f"{ENROLLMENTS}/excel_job_status/{job}/"))

    def finish(self, job: str, timeout: float = 120) -> Json:
        """The last status of the job. Raises TimeoutError."""
        wait_until(lambda: self.status(job)["status"] in ("DONE", "FAILED"), timeout, interval=0.1)
        return self.status(job)

    def run(self, lecture: str, file: Path, **fields: str) -> Json:
        """Upload and wait."""
        return self.finish(self.upload(lecture, file, **fields))

    def outcomes(self, job: str, **query: str) -> Iterator[Json]:
        """Every row's outcome, page by page."""
        path, cursor = f"{ENROLLMENTS}/excel_job_rows/{job}/", ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = patiently(partial(self.api.get, path, page_size="500", **query, **more))
            yield from page["results"]
            if not (cursor := page["next"]):
                return

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows as the superuser sees them; `%(tenant)s` in the statement is this tenant."""
        with psycopg.connect(self.stack.admin_url, autocommit=True) as conn:
            return conn.execute(statement.encode(), {"tenant": self.tenant}).fetchall()

    def routes(self) -> set[tuple[str, str]]:
        """(event type, receiving service) of everything this tenant's services have published."""
        parts = [
            f"SELECT type, destination FROM {schema}.outbox WHERE tenant_id = %(tenant)s"
            for schema in SCHEMAS
        ]
        return {(kind, service) for kind, service in self.query(" UNION ".join(parts))}

    def unaccounted(self) -> list[tuple[Any, ...]]:
        """(service, type, event id) of this tenant that were published but not handled by a subscriber."""
        parts = [
            f"SELECT destination, type, id FROM {schema}.outbox WHERE tenant_id = %(tenant)s"
            for schema in SCHEMAS
        ]
        inboxes = [f"SELECT '{schema.replace('_', '-')}', event_id FROM {schema}.inbox" for schema in SCHEMAS]
        return self.query(
            f"WITH published AS ({' UNION ALL '.join(parts)}),"
            f" handled (service, id) AS ({' UNION ALL '.join(inboxes)})"
            " SELECT p.* FROM published p LEFT JOIN handled h ON h.service = p.destination AND h.id = p.id"
            " WHERE h.id IS NULL"
        )

    def uploaded(self) -> list[str]:
        """Keys of this tenant's uploaded workbooks that are still stored."""
        client = self.stack.endpoints.r2()
        listed = client.list_objects_v2(Bucket="academy-excel", Prefix=f"excel/{self.tenant}/")
        return [item["Key"] for item in listed.get("Contents", ())]

    def settle(self, timeout: float = 90) -> None:
        """Wait until every event of this tenant was handled by every subscriber. Raises TimeoutError."""
        wait_until(lambda: not self.unaccounted(), timeout, interval=0.2)

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """The tenant's tables by natural keys: two runs of the same files give the same contents."""
        return {name: sorted(self.query(statement), key=repr) for name, statement in CONTENTS.items()}


def patiently(call: Callable[[], T], seconds: float = 60) -> T:
    """`call()`, again while nobody answers or a server error does. Raises the last error after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (OSError, HTTPException, ApiError) as error:
            refused = isinstance(error, ApiError) and error.status < 500 and error.status != 409
            if refused or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


_STUDENT = "s.name_key, s.parent_phone"
CONTENTS = {
    "students": f"""SELECT {_STUDENT}, s.name, student_phone, school, school_type, grade, gender, memo,
        version, deleted_at IS NULL, p.phone FROM students.student s
        LEFT JOIN students.parent p ON p.id = parent_id WHERE s.tenant_id = %(tenant)s""",
    "accounts": f"""SELECT kind, {_STUDENT}, p.phone, must_change, password_hash IS NULL,
        initial_credential_id IS NULL FROM students.account a
        LEFT JOIN students.student s ON s.id = student_id
        LEFT JOIN students.parent p ON p.id = a.parent_id WHERE a.tenant_id = %(tenant)s""",
    "enrollments": f"""SELECT {_STUDENT}, l.title, e.status FROM enrollment.enrollment e
        JOIN students.student s ON s.id = e.student_id JOIN enrollment.lecture l ON l.id = e.lecture_id
        WHERE e.tenant_id = %(tenant)s""",
    "attendance": f"""SELECT {_STUDENT}, l.title, n."order", a.status, a.memo, x.id IS NOT NULL
        FROM enrollment.attendance a JOIN enrollment.enrollment e ON e.id = a.enrollment_id
        JOIN students.student s ON s.id = e.student_id JOIN enrollment.session n ON n.id = a.session_id
        JOIN enrollment.lecture l ON l.id = e.lecture_id LEFT JOIN enrollment.session_enrollment x
        ON x.enrollment_id = e.id AND x.session_id = n.id WHERE a.tenant_id = %(tenant)s""",
    "import_rows": """SELECT j.file_name, j.status, r.row, r.name, r.parent_phone, outcome, student_outcome,
        code, student_id IS NULL FROM enrollment.import_row r JOIN enrollment.import_job j ON j.id = r.job_id
        WHERE r.tenant_id = %(tenant)s""",
    "student_refs": """SELECT name, parent_phone, student_phone, school, grade, deleted
        FROM enrollment.student_ref WHERE tenant_id = %(tenant)s""",
    "recipients": """SELECT name, parent_phone, student_phone, version, deleted FROM messaging.recipient
        WHERE tenant_id = %(tenant)s""",
    "viewers": f"""SELECT {_STUDENT}, r.status, r.deleted FROM media.enrollment_ref r
        JOIN students.student s ON s.id = r.student_id WHERE r.tenant_id = %(tenant)s""",
}


class MixedRoster:
    """`rows` rows: 50 % new students, 30 % known ones, 10 % deleted ones, 10 % repeated in the file."""

    def __init__(self, folder: Path, rows: int, seed: int = 1) -> None:
        people = list(roster_rows(rows - rows // 10, seed))
        self.known, self.deleted = people[: rows * 3 // 10], people[rows * 3 // 10 : rows * 4 // 10]
        listed: list[Row] = [*people, *people[: rows // 10]]
        self.rows = len(listed)
        self.before = workbook(folder / f"before-{rows}.xlsx", {"명단": (HEADER, *self.known, *self.deleted)})
        self.file = workbook(folder / f"roster-{rows}.xlsx", {"명단": (HEADER, *listed)})

    def prepare(self, academy: Academy) -> None:
        """Import the known students into another lecture and delete some of them."""
        done = academy.run(academy.lecture("지난 학기"), self.before)
        assert done["status"] == "DONE", done
        academy.settle()
        keys = ", ".join(f"'{phone.replace('-', '')}'" for _, phone, *_ in self.deleted)
        academy.query(
            "UPDATE students.student SET deleted_at = now(), version = version + 1"
            f" WHERE tenant_id = %(tenant)s AND parent_phone IN ({keys}) RETURNING 1"
        )

    def expected(self) -> dict[str, int]:
        """The counts that the import's result must show."""
        repeated = self.rows // 10
        return {
            "rows_total": self.rows,
            "enrolled_count": self.rows - repeated,
            "created_students_count": self.rows - repeated - len(self.known) - len(self.deleted),
            "matched_students_count": len(self.known),
            "restored_students_count": len(self.deleted),
            "already_enrolled_count": 0,
            "duplicate_count": repeated,
            "skipped_count": 0,
            "failed_count": 0,
            "review_count": 0,
        }
