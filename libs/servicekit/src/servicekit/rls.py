"""Row-level security for migrations: call once per table that has a tenant_id."""

from __future__ import annotations

from typing import Any, Protocol

from servicekit.db import check_schema

_POLICIES = """
DO $$
DECLARE mine text = '(tenant_id = current_setting(''app.tenant_id'', true))';
BEGIN
  EXECUTE format('ALTER TABLE %I.{table} ENABLE ROW LEVEL SECURITY', current_schema());
  EXECUTE format('CREATE POLICY tenant ON %I.{table} TO %I USING ' || mine || ' WITH CHECK ' || mine,
                 current_schema(), current_schema() || '_app');
  EXECUTE format('CREATE POLICY system ON %I.{table} TO %I USING (true) WITH CHECK (true)',
                 current_schema(), current_schema() || '_system');
END $$
"""


class Operations(Protocol):
    """The part of `alembic.op` used here."""

    def execute(self, sqltext: str) -> Any: ...


def enable_rls(op: Operations, table: str) -> None:
    """Let `<schema>_app` see its transaction's tenant only, and `<schema>_system` every row.

    An unset tenant reads as NULL or '' and matches nothing, so a forgotten `Database.tenant` shows no rows.
    """
    op.execute(_POLICIES.format(table=check_schema(table)))
