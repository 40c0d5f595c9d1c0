"""A deploy under load: a column is added, an event's field renamed, old and new workers side by side."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest
from contracts import SERVICES
from eventkit.metrics import MESSAGES
from prometheus_client.parser import text_string_to_metric_families
from psycopg.conninfo import conninfo_to_dict
from testkit.academy import SCHEMAS, Academy
from testkit.stack import running_stack, second_worker
from testkit.waiting import wait_until
from testkit.workbooks import HEADER, roster_rows, workbook

DEAD_QUEUES = [f"academy-{service}-events-dlq" for service in SERVICES]
pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]

REPOSITORY = Path(__file__).resolve().parents[2]
ROLLED = ("students", "enrollment")
RESOLVED = "students.roster.resolved"
RESOLVED_HEAD = """fields.UUID(required=True)
    chunk = fields.Integer(required=True)
    rows = Columns(
"""
ROWS, KNOWN = 120, 40

MIGRATION = '''
"""How a student came here; null: nobody knows any more."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("student", sa.Column("came_by", sa.Text))
'''
# what a developer does for both changes: file → (text, what it becomes)
NEXT_RELEASE = {
    "students/store/roster.py": [
        ("custom_fields, is_managed)\nSELECT", "custom_fields, is_managed, came_by)\nSELECT"),
        ("coalesce(r.is_managed, true)\n", "coalesce(r.is_managed, true), 'import'\n"),
    ],
    "students/store/tables.py": [
        (
            '    sa.Column("photo_type", sa.Text),\n',
            '    sa.Column("photo_type", sa.Text),\n    sa.Column("came_by", sa.Text),\n',
        )
    ],
    "students/usecases/rosters.py": [('"job_id": chunk["job_id"],', '"import_id": chunk["job_id"],')],
    "enrollment/usecases/rosters.py": [('event.data["job_id"]', 'event.data["import_id"]')],
    "contracts/students.py": [
        (f"    job_id = {RESOLVED_HEAD}", f"    import_id = {RESOLVED_HEAD}"),
        (
            f'EventType("{RESOLVED}", RosterResolved, ("enrollment",)),',
            f'EventType("{RESOLVED}", RosterResolved, ("enrollment",), version=2, upcasters={{1: _named}}),',
        ),
        (
            "EVENTS = (",
            'def _named(data: dict[str, Any]) -> dict[str, Any]:\n'
            '    return {"import_id" if name == "job_id" else name: value for name, value in data.items()}\n'
            "\n\nEVENTS = (",
        ),
        ("from marshmallow import", "from typing import Any\n\nfrom marshmallow import"),
    ],
}  # fmt: skip


def build_next_release(folder):
    """All packages in one directory for PYTHONPATH, with the changes."""
    for source in (*REPOSITORY.glob("libs/*/src"), *REPOSITORY.glob("services/*/src")):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    for name, changes in NEXT_RELEASE.items():
        text = (folder / name).read_text()
        for old, new in changes:
            assert text.count(old) == 1, f"the change of {name} does not fit it any more: {old}"
            text = text.replace(old, new)
        (folder / name).write_text(text)
    versions = folder / "students/migrations/versions"
    head = max(path.stem for path in versions.glob("0*.py")).partition("_")[0]
    (versions / "next_came_by.py").write_text(MIGRATION.format(head=head))


def migrate(stack, service):
    """`<service> migrate` of the release that is in place."""
    database = conninfo_to_dict(stack.admin_url)
    login = f"{service}_owner:{stack.secret(f'{service}_owner')}"
    url = f"postgresql://{login}@{database['host']}:{database['port']}/{database['dbname']}"
    environment = psutil.Process(stack.pid(f"{service}-worker")).environ()
    subprocess.run(
        [sys.executable, "-m", service, "migrate"],
        env=environment | {"MIGRATION_DATABASE_URL": url}, check=True, timeout=120,
    )  # fmt: skip


class Importer:
    """An academy that imports one roster after another; each repeats some students of the one before."""

    def __init__(self, stack, folder):
        self.academy = Academy(stack, f"t-{uuid4().hex[:12]}")
        self.lectures = {}
        self.ended = []
        self._folder = folder
        self._people = roster_rows(1_000_000)

    def run(self, stopped):
        known = []
        while not stopped.is_set():
            title = f"강의 {len(self.lectures)}"
            people = known + list(islice(self._people, ROWS - len(known)))
            known = people[:KNOWN]
            file = workbook(self._folder / f"{self.academy.tenant}.xlsx", {"명단": (HEADER, *people)})
            self.lectures[title] = {(name, phone.replace("-", "")) for name, phone, *_ in people}
            self.ended.append(self.academy.run(self.academy.lecture(title), file))

    def assert_nothing_is_lost_or_doubled(self):
        assert [(one["status"], counted(one)) for one in self.ended] == [
            ("DONE", expected(KNOWN if number else 0)) for number in range(len(self.ended))
        ]
        enrolled = [
            (*person, title, "ACTIVE") for title, people in self.lectures.items() for person in people
        ]
        students = sorted(set().union(*self.lectures.values()))
        contents = self.academy.contents()
        assert [row[:2] for row in sorted(contents["students"])] == students
        assert sorted(contents["enrollments"]) == sorted(enrolled)
        assert sorted(row[:2] for row in contents["student_refs"]) == students
        assert sorted(row[:2] for row in contents["recipients"]) == students
        assert len(contents["viewers"]) == len(enrolled)


def counted(status):
    return {name: count for name, count in status["result"].items() if name.endswith("_count") and count}


def expected(known):
    counts = {"enrolled": ROWS, "created_students": ROWS - known, "matched_students": known}
    return {f"{name}_count": count for name, count in counts.items() if count}


class Load:
    """Two academies that import at the same time, until the block ends."""

    def __init__(self, stack, folder):
        self.importers = [Importer(stack, folder) for _ in range(2)]
        self._stopped = threading.Event()
        self._runs = []

    @contextmanager
    def running(self):
        with ThreadPoolExecutor(len(self.importers)) as pool:
            self._runs = [pool.submit(one.run, self._stopped) for one in self.importers]
            try:
                yield
            finally:
                self._stopped.set()
        self._check()

    def wait_for(self, condition):
        def met():
            self._check()
            return condition()

        wait_until(met, 120, interval=0.3)

    def wait_for_imports(self, whole):
        """Until every academy has begun and ended so many more."""
        wanted = [(one, len(one.ended) + 1 + whole) for one in self.importers]
        self.wait_for(lambda: all(len(one.ended) >= number for one, number in wanted))

    def _check(self):
        for run in self._runs:
            if run.done():
                run.result()


class Observer:
    """What the database and the workers' own counters say."""

    def __init__(self, stack):
        self.stack = stack

    def students(self):
        """How many students there are by what the new column says."""
        return dict(self._query("SELECT came_by, count(*) FROM students.student GROUP BY 1"))

    def published(self):
        """How many answers there are by schema version."""
        found = self._query(
            """SELECT substring(body from '"schemaversion":([0-9]+)')::int, count(*) FROM students.outbox"""
            f" WHERE type = '{RESOLVED}' GROUP BY 1"
        )
        return Counter(dict(found))

    def unsent(self):
        """What is left in an outbox."""
        return self._of_all("SELECT type FROM {schema}.outbox WHERE sent_at IS NULL")

    def dead(self):
        """What has been collected from the dead-letter queues."""
        return self._of_all("SELECT type, reason FROM {schema}.dead_letter")

    def dying(self):
        """How many messages wait in the dead-letter queues."""
        sqs = self.stack.endpoints.sqs()
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        urls = [sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in DEAD_QUEUES]
        found = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] for url in urls]
        return sum(int(count) for one in found for count in one.values())

    def receipts(self, service):
        """What the ended workers of a service have logged: one dict each."""
        lines = re.findall(r"drained academy-\S+: ([a-z0-9= ]+)", self.stack.log(f"{service}-worker"))
        return [{k: int(v) for k, v in (word.split("=") for word in line.split())} for line in lines]

    def _of_all(self, statement):
        return self._query(" UNION ALL ".join(statement.format(schema=schema) for schema in SCHEMAS))

    def _query(self, statement):
        with psycopg.connect(self.stack.admin_url) as conn:
            return conn.execute(statement.encode()).fetchall()


def settled(pid, type_, outcome):
    """How many messages a worker process has settled in this way."""
    bound = psutil.Process(pid).environ()["HEALTH_BIND"]
    with urllib.request.urlopen(f"http://{bound}/metrics", timeout=30) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    samples = [s for family in families for s in family.samples if s.name == MESSAGES.name]
    return sum(int(s.value) for s in samples if (s.labels["type"], s.labels["outcome"]) == (type_, outcome))


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def stop_old(stack, load):
    """SIGTERM to the stack's own workers; the supervisor starts them again, from what is in place by now."""
    before = {f"{service}-worker": stack.pid(f"{service}-worker") for service in ROLLED}
    for pid in before.values():
        os.kill(pid, signal.SIGTERM)
    load.wait_for(lambda: all(stack.pid(part) != pid for part, pid in before.items()))
    load.wait_for(lambda: all(answers(f"{stack.url(part)}/readyz") for part in before))


@contextmanager
def next_to_the_old(stack):
    """A new worker of each service; yields enrollment's process id. In the end both drain at once."""
    with second_worker(stack, "students") as students, second_worker(stack, "enrollment") as enrollment:
        yield enrollment
        for pid in (students, enrollment):
            os.kill(pid, signal.SIGTERM)


def test_a_new_column_and_a_renamed_field_under_load(tmp_path):
    release, made = tmp_path / "release", tmp_path / "made"
    build_next_release(made)
    # nothing is there when the old processes start, and Python does not look again: they stay the old build
    with running_stack(tmp_path / "data", extra={"PYTHONPATH": str(release)}) as stack, ExitStack() as more:
        seen, load = Observer(stack), Load(stack, tmp_path)
        old = stack.pid("enrollment-worker")
        with load.running():
            load.wait_for_imports(0)
            made.rename(release)
            migrate(stack, "students")
            unmarked = seen.students()[None]
            new = more.enter_context(next_to_the_old(stack))
            before = settled(old, RESOLVED, "done")

            def old_and_new_met_both_versions():
                assert (seen.dead(), seen.dying()) == ([], 0)
                return (
                    settled(old, RESOLVED, "done") > before
                    and settled(old, "unknown", "returned")
                    and settled(new, RESOLVED, "done") > seen.published()[2] > 0
                )

            load.wait_for(old_and_new_met_both_versions)
            load.wait_for_imports(1)
            students = seen.students()
            assert students[None] > unmarked, "no old worker wrote into the new table"
            assert students["import"] > 0
            stop_old(stack, load)
            first_version = seen.published()[1]
            load.wait_for_imports(1)
        for importer in load.importers:
            importer.academy.settle()
            importer.assert_nothing_is_lost_or_doubled()
        assert seen.published()[1] == first_version, "an old worker is still there"
        assert seen.published().total() == sum(len(one.ended) for one in load.importers)
        wait_until(lambda: not seen.unsent(), 30)
        assert (seen.dead(), seen.dying()) == ([], 0)
        assert_orderly_ends(seen)


def assert_orderly_ends(seen):
    """What the old workers had received is accounted for."""
    for service in ROLLED:
        [receipt] = seen.receipts(service)
        assert receipt["received"] == receipt["done"] + receipt["duplicate"] + receipt["returned"]
        assert receipt["done"] > 0
        assert receipt["dead"] == 0
