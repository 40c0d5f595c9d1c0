"""What the runbooks tell people to type can be typed: commands, routes, SQL, files as the code has them."""

import re
from pathlib import Path

import pytest


def test_every_command_can_be_typed(documents):
    assert [wrong for document in documents for wrong in document.wrongs()] == []


def test_every_route_that_is_named_is_served(documents, served):
    for document in documents:
        for method, path in document.routes():
            served(method, path)


def test_every_query_is_one_that_the_database_understands(documents, migrated):
    admin = migrated("enrollment", "media", "messaging", "storage_janitor", "students").admin
    for document in documents:
        with admin.transaction(force_rollback=True):
            for query in document.queries():
                reads = query.split()[0].upper() in ("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")
                admin.execute(f"EXPLAIN {query}" if reads else query)


def test_every_file_and_every_other_runbook_that_is_named_exists(documents, root):
    wrong = []
    for document in documents:
        if "/runbooks/" in document.name:
            folder = (root / document.name).parent
            linked = {folder / name for name in re.findall(r"\]\(([\w./-]+)\)", document.text)}
            named = {root / name for name in document.files()}
            wrong += [f"{document.name}: {one}" for one in linked | named if not one.exists()]
    assert wrong == []


def test_a_procedure_has_numbered_steps_is_in_the_index_and_says_when_it_was_last_practised(documents):
    texts = {Path(one.name).name: one.text for one in documents if "/runbooks/" in one.name}
    procedures = {name for name in texts if name[0].islower()}
    assert procedures - set(re.findall(r"\]\(([\w.-]+)\)", texts["README.md"])) == set()
    for name in procedures:
        assert "\n1. " in texts[name], name
        # what begins a system cannot be practised on one that runs
        if name not in ("first-deployment.md", "pre-open.md"):
            assert re.search(r"^마지막 연습: ", texts[name], re.MULTILINE), name


@pytest.mark.parametrize(
    "typed",
    [
        "academyctl dlg list",
        "academyctl dlq replay media --fingerprnt x",
        "academyctl dlq replay medai",
        "academyctl dlq discard media --fingerprint x",
        "students replay-erasures",
        "students replay-erasures --since 2026-11-29 --dryrun",
        "students forget",
        "storage-janitor holds add video $VIDEO --days 30 --reason x",
        "media encoder --all",
        "python -m student settings",
        "make rum",
        "echo $(academyctl tokne) | jq .",
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifer a"
        " --target-db-instance-identifier b",
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier a",
        "aws rds restore-db-instance-to-time --target-db-instance-identifier b",
        "aws rds wait db-instance-avaliable --db-instance-identifier b",
        "pg_dump --fromat=custom",
        "curl -s $URL/api/v1/messaging/holds/",
        "curl -s -X POST $URL/api/v1/messaging/hold/",
        """curl -s -X PUT $URL/api/v1/messaging/hold/ -d '{"hold": true}'""",
        """curl -s -X PUT $URL/api/v1/messaging/hold/ -d '{"hold": true, "reasons": "x"}'""",
        "curl -s $URL/api/v1/messaging/log/?status=QUEUED",
        "curl -s $URL/api/v1/operations/medai/dead_letters/",
        "sl",
        "academyctl flow 'x",
    ],
)
def test_what_cannot_be_typed_is_found(typed, wrongs_of):
    assert wrongs_of(typed) != []


def test_what_can_be_typed_is_not(wrongs_of):
    token = "TOKEN=$(academyctl token --tenant demo --role owner)"
    assert wrongs_of(f'{token}\nacademyctl flow <작업 번호> | grep "x; y" > /tmp/x') == []
