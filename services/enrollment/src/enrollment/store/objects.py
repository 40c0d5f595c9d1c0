"""Which uploaded workbooks are needed no more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from enrollment.store.tables import import_job

_c = import_job.c


def released(conn: Connection, tenant: str, keys: Sequence[str]) -> set[str]:
    """Workbooks of ended imports, and those that no import has; an ended one never reads its sheet again.

    An upload stores its object a moment before its job: who asks about an object that is days old need not
    mind. Exports go by their age alone and are nobody's to release.
    """
    mine = {key for key in keys if key.startswith(f"excel/{tenant}/")}
    needed = sa.select(_c.object_key).where(
        _c.tenant_id == tenant, _c.object_key.in_(mine), _c.status.in_(("PENDING", "RUNNING"))
    )
    return mine - set(conn.execute(needed).scalars())
