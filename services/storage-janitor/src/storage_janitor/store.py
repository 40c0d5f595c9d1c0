"""Tables: the objects whose job has ended, so that a leftover can be told from one in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

metadata = sa.MetaData()

ended_import = sa.Table(
    "ended_import",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("job_id", sa.Uuid, primary_key=True),
    sa.Column("object_key", sa.Text, nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
)


def add_ended_imports(conn: Connection, tenant: str, ended: Sequence[tuple[UUID, str, datetime]]) -> None:
    """`ended`: (job id, object key, time); a job ends once, so a known one stays as it is."""
    rows = [{"tenant_id": tenant, "job_id": job, "object_key": key, "ended_at": at} for job, key, at in ended]
    conn.execute(insert(ended_import).values(rows).on_conflict_do_nothing())
