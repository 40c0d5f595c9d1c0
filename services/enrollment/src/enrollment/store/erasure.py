"""What this context holds of a student, and how it forgets. No statement's number grows with the students.

Kinds: those of _KINDS, and session_enrollments, attendance, import_rows, merges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from eventkit import erasure, projection
from eventkit.erasure import Counts, Person
from sqlalchemy import Connection, Table, TextClause, text

from enrollment.domain.erasure import NamesOfImports, Trace
from enrollment.store.tables import enrollment, student_ref

erased_among = erasure.erased_among
"""(conn, tenant, student_ids) → which of them have been purged; ask before writing what an event says."""

# tables whose rows are one student's each
_KINDS: Mapping[str, Table] = {"enrollments": enrollment, "profiles": student_ref}

_GIVEN = "given AS (SELECT unnest(CAST(:ids AS uuid[])) AS student_id)"
_HOLDINGS = text(f"""
    WITH {_GIVEN}, mine AS (
        SELECT e.id, e.student_id FROM enrollment e JOIN given USING (student_id) WHERE e.tenant_id = :tenant)
    SELECT m.student_id, 'session_enrollments' AS kind, count(*) AS n
    FROM mine m JOIN session_enrollment s ON s.tenant_id = :tenant AND s.enrollment_id = m.id GROUP BY 1
    UNION ALL
    SELECT m.student_id, 'attendance', count(*)
    FROM mine m JOIN attendance a ON a.tenant_id = :tenant AND a.enrollment_id = m.id GROUP BY 1
    UNION ALL
    SELECT student_id, 'import_rows', count(*)
    FROM import_job j JOIN import_row r ON r.job_id = j.id JOIN given USING (student_id)
    WHERE j.tenant_id = :tenant AND r.name IS NOT NULL GROUP BY 1
""")  # noqa: S608 - constants

# Rows are the tenant's through their jobs: the primary key finds them, and no index holds student_id.
_KNOWN_AS = text("""
    SELECT student_id, name, parent_phone, student_phone FROM student_ref
    WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))
    UNION
    SELECT r.student_id, r.name, r.parent_phone, r.student_phone
    FROM import_job j JOIN import_row r ON r.job_id = j.id
    WHERE j.tenant_id = :tenant AND r.student_id = ANY(CAST(:ids AS uuid[]))
        AND r.name IS NOT NULL AND r.parent_phone IS NOT NULL
""")

# In the order in which requests lock them (store.enrollments): what they add meanwhile is seen below.
_LOCKS = (
    text("""
        SELECT 1 FROM student_ref WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))
        ORDER BY student_id FOR UPDATE
    """),
    text("""
        SELECT 1 FROM enrollment WHERE tenant_id = :tenant AND student_id = ANY(CAST(:ids AS uuid[]))
        ORDER BY student_id, id FOR UPDATE
    """),
)


def _of_enrollments(table: str) -> TextClause:
    return text(f"""
        WITH gone AS (
            DELETE FROM {table} t USING enrollment e
            WHERE e.tenant_id = :tenant AND e.student_id = ANY(CAST(:ids AS uuid[]))
                AND t.tenant_id = :tenant AND t.enrollment_id = e.id
            RETURNING e.student_id)
        SELECT student_id, count(*) AS n FROM gone GROUP BY 1
    """)  # noqa: S608 - a table's name


_DELETIONS = {
    "attendance": _of_enrollments("attendance"),
    "session_enrollments": _of_enrollments("session_enrollment"),
}
# Two ids and no more: the merge stays as undone, so that its event, should it come late, moves nothing.
_END_MERGES = text("""
    WITH ended AS (
        UPDATE student_merge m SET undone = true
        WHERE m.tenant_id = :tenant AND NOT m.undone
            AND (m.winner_id = ANY(CAST(:ids AS uuid[])) OR m.loser_id = ANY(CAST(:ids AS uuid[])))
        RETURNING m.id, m.winner_id, m.loser_id),
    moves AS (
        DELETE FROM merge_move v USING ended WHERE v.tenant_id = :tenant AND v.merge_id = ended.id)
    SELECT p.id AS student_id, count(*) AS n
    FROM ended JOIN unnest(CAST(:ids AS uuid[])) AS p (id) ON p.id IN (ended.winner_id, ended.loser_id)
    GROUP BY 1
""")


def holdings(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> Counts:
    """How much is held of each student."""
    found = conn.execute(_HOLDINGS, {"tenant": tenant, "ids": list(student_ids)})
    counts = Counter({(student_id, kind): count for student_id, kind, count in found})
    return counts + projection.held(conn, _KINDS, tenant, student_ids)


def known_as(conn: Connection, tenant: str, student_ids: Collection[UUID]) -> list[Person]:
    """The names and numbers under which imports and events have brought these students."""
    found = conn.execute(_KNOWN_AS, {"tenant": tenant, "ids": list(student_ids)})
    return [Person(*row) for row in found]


def erase(conn: Connection, tenant: str, people: Sequence[Person]) -> Counts:
    """Delete what is these people's; rows of imports keep their number and outcome. Says how much it was."""
    ids = list({person.id for person in people})
    given = {"tenant": tenant, "ids": ids}
    for lock in _LOCKS:
        conn.execute(lock, given)
    counts = _by_kind("merges", conn.execute(_END_MERGES, given))
    for kind, deletion in _DELETIONS.items():
        counts += _by_kind(kind, conn.execute(deletion, given))
    counts += projection.erase(conn, _KINDS, tenant, ids)
    names = NamesOfImports(people, _numbers_in_use(conn, tenant, people))
    counts += _forget_import_rows(conn, tenant, names)
    _rename_jobs(conn, tenant, names)
    return counts


def _by_kind(kind: str, rows: Iterable[Any]) -> Counts:
    return Counter({(student_id, kind): count for student_id, count in rows})


# --- imports --------------------------------------------------------------------------------------

_IN_USE = text("""
    SELECT DISTINCT parent_phone FROM student_ref
    WHERE tenant_id = :tenant AND parent_phone = ANY(CAST(:phones AS text[]))
""")
# A row that waits for its answer is an upload's of now; should it be one of these, usecases.rosters blanks it
_CANDIDATES = text("""
    SELECT r.job_id, r."row", r.student_id, r.name, r.parent_phone
    FROM import_job j JOIN import_row r ON r.job_id = j.id
    WHERE j.tenant_id = :tenant AND r.outcome IS NOT NULL
        AND (r.student_id = ANY(CAST(:ids AS uuid[])) OR r.student_id IS NULL
            AND (r.parent_phone IS NULL OR r.parent_phone = ANY(CAST(:phones AS text[]))))
        AND (r.name IS NOT NULL OR r.parent_phone IS NOT NULL)
""")
_FORGET_ROWS = text("""
    UPDATE import_row r
    SET name = NULL, parent_phone = NULL, student_phone = NULL, school = NULL, grade = NULL
    FROM unnest(CAST(:jobs AS uuid[]), CAST(:rows AS int[])) AS g (job_id, n)
    WHERE r.tenant_id = :tenant AND r.job_id = g.job_id AND r."row" = g.n
""")
_FORGET_FAILED = text("""
    WITH g AS (
        SELECT job_id, array_agg(n) AS rows
        FROM unnest(CAST(:jobs AS uuid[]), CAST(:rows AS int[])) AS x (job_id, n) GROUP BY 1)
    UPDATE import_job j SET result = jsonb_set(j.result, '{failed}', (
        SELECT coalesce(jsonb_agg(
            CASE WHEN CAST(f ->> 'row' AS int) = ANY(g.rows) THEN f || '{"name": null}' ELSE f END
            ORDER BY n), '[]')
        FROM jsonb_array_elements(j.result -> 'failed') WITH ORDINALITY AS listed (f, n)))
    FROM g WHERE j.tenant_id = :tenant AND j.id = g.job_id AND j.result ? 'failed'
""")
_JOB_TEXTS = text("SELECT id, file_name, error_message FROM import_job WHERE tenant_id = :tenant")
_RENAME = text("""
    UPDATE import_job j SET file_name = g.file_name, error_message = g.error_message
    FROM unnest(CAST(:ids AS uuid[]), CAST(:files AS text[]), CAST(:messages AS text[]))
        AS g (id, file_name, error_message)
    WHERE j.tenant_id = :tenant AND j.id = g.id
""")
_STREAM = {"stream_results": True, "yield_per": 1000}


def _numbers_in_use(conn: Connection, tenant: str, people: Sequence[Person]) -> set[str]:
    """Parents' numbers that are somebody's who stays: a sibling's."""
    given = {"tenant": tenant, "phones": list({person.parent_phone for person in people})}
    return set(conn.execute(_IN_USE, given).scalars())


def _forget_import_rows(conn: Connection, tenant: str, names: NamesOfImports) -> Counts:
    given = {"tenant": tenant, "ids": list(names.ids), "phones": list(names.phones)}
    found = conn.execute(_CANDIDATES, given, execution_options=_STREAM)
    traces = [
        Trace(row.job_id, row.row, owner)
        for row in found
        if (owner := names.owner(row.student_id, row.name, row.parent_phone)) is not None
    ]
    rows = {"tenant": tenant, "jobs": [t.job_id for t in traces], "rows": [t.row for t in traces]}
    conn.execute(_FORGET_ROWS, rows)
    conn.execute(_FORGET_FAILED, rows)
    return Counter((trace.owner, "import_rows") for trace in traces)


def _rename_jobs(conn: Connection, tenant: str, names: NamesOfImports) -> None:
    """A file or a sheet may be called after the one student it is about."""
    texts: Mapping[UUID, tuple[str, str | None]] = {
        row.id: renamed
        for row in conn.execute(_JOB_TEXTS, {"tenant": tenant}, execution_options=_STREAM)
        if (renamed := names.renamed(row.file_name, row.error_message)) is not None
    }
    files, messages = [file for file, _ in texts.values()], [message for _, message in texts.values()]
    conn.execute(_RENAME, {"tenant": tenant, "ids": list(texts), "files": files, "messages": messages})
