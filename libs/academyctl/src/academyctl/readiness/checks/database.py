"""Each service's database, as the service itself sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from alembic.script import ScriptDirectory
from psycopg import errors, sql
from servicekit.migrate import alembic_config

from academyctl.readiness.context import Context
from academyctl.readiness.reach import Connection
from academyctl.readiness.report import Verdict, failed, passed, skipped_after
from academyctl.readiness.sources import Service

_BOOTSTRAP = "`academyctl db bootstrap`을 실행하세요"
_SHOWN = 3
# whatever a role may do beyond its own rows; the ones about membership as PostgreSQL itself decides them
_POWERS = """
SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
  NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = %(system)s AND pg_has_role(me.oid, r.oid, 'MEMBER')),
  EXISTS (SELECT FROM pg_roles r WHERE r.rolname = %(system)s AND pg_has_role(me.oid, r.oid, 'USAGE')),
  EXISTS (SELECT FROM pg_roles r
          WHERE r.rolname NOT IN (me.rolname, %(system)s) AND pg_has_role(me.oid, r.oid, 'MEMBER'))
FROM pg_roles me WHERE rolname = current_user
"""
_POWER_NAMES = (
    "SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION",
    "시스템 역할의 구성원이 아님", "시스템 역할을 늘 물려받음(INHERIT)", "다른 역할의 구성원",
)  # fmt: skip
_OWNED = """
SELECT pg_describe_object(classid, objid, objsubid) FROM pg_shdepend
WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass AND refobjid = current_user::regrole
  AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY 1
"""
# a table is isolated when the one policy that binds the app is on its transaction's tenant, or when there is
# none and the app was granted nothing
_ISOLATION = """
SELECT c.relname, c.relrowsecurity AND COALESCE(
    bound.policies = ARRAY['(tenant_id = current_setting(''app.tenant_id''::text, true))'],
    NOT EXISTS (SELECT FROM aclexplode(c.relacl) granted WHERE granted.grantee IN (0, app.oid)))
FROM pg_roles app, pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped,
LATERAL (SELECT array_agg(pg_get_expr(p.polqual, p.polrelid)) AS policies FROM pg_policy p
         WHERE p.polrelid = c.oid AND p.polroles && ARRAY[0, app.oid]) AS bound
WHERE app.rolname = %(app)s AND c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'p')
ORDER BY 1
"""


def connect(context: Context) -> Iterator[Verdict]:
    """The service's own DATABASE_URL opens a connection."""
    for service in context.services:
        found = context.databases[service.name]
        if isinstance(found, Verdict):
            yield found
        else:
            info = found.info
            yield passed(service.name, f"PostgreSQL {info.server_version // 10_000}, {info.dbname}")


def each(check: Callable[[Service, Connection], Iterator[Verdict]]) -> Callable[[Context], Iterator[Verdict]]:
    """`check` for every service with a connection; without one nothing is known."""

    def run(context: Context) -> Iterator[Verdict]:
        for service in context.services:
            found = context.databases[service.name]
            if isinstance(found, Verdict):
                yield skipped_after("db.connect", service.name)
            else:
                yield from check(service, found)

    return run


def role(service: Service, conn: Connection) -> Iterator[Verdict]:
    """It logs in as `<schema>_app`, neither as the owner nor as another service."""
    if _is_app(service, conn):
        yield passed(service.name, conn.info.user)
    else:
        reason = f"{conn.info.user}(으)로 로그인합니다, {service.package}_app이어야 합니다"
        yield failed(service.name, reason, "DATABASE_URL의 역할을 바꾸세요; 소유자는 migrate만 씁니다")


def powers(service: Service, conn: Connection) -> Iterator[Verdict]:
    """The role cannot step around row-level security, and gets the system's view only when it asks."""
    if not _is_app(service, conn):
        yield skipped_after("db.role", service.name)
        return
    row = conn.execute(_POWERS, {"system": f"{service.package}_system"}).fetchone()
    held = [name for name, has in zip(_POWER_NAMES, row or (), strict=True) if has]
    if held[:1] == ["SUPERUSER"]:
        held = held[:1]  # PostgreSQL counts a superuser as a member of every role
    if held:
        yield failed(service.name, f"실행 역할의 권한이 다릅니다: {', '.join(held)}", _BOOTSTRAP)
    else:
        yield passed(service.name, "행 수준 보안을 피할 수 없습니다")


def owner(service: Service, conn: Connection) -> Iterator[Verdict]:
    """The role owns nothing: whoever owns a table is above its policies."""
    if not _is_app(service, conn):
        yield skipped_after("db.role", service.name)
        return
    owned = _column(conn, _OWNED)
    if owned:
        reason = f"실행 역할이 소유한 것이 있습니다: {', '.join(owned[:_SHOWN])} (모두 {len(owned)}개)"
        yield failed(service.name, reason, f"`ALTER … OWNER TO {service.package}_owner`로 넘기세요")
    else:
        yield passed(service.name, "소유한 것이 없습니다")


def migrations(service: Service, conn: Connection) -> Iterator[Verdict]:
    """The schema is at the newest revision of this code."""
    script = ScriptDirectory.from_config(alembic_config(service.package))
    heads = set(script.get_heads())
    fix = f"`{service.name} migrate`를 실행하세요 (자동으로 되지 않습니다)"
    table = sql.Identifier(service.package, "alembic_version")
    try:
        present = {str(row[0]) for row in conn.execute(sql.SQL("SELECT version_num FROM {}").format(table))}
    except (errors.UndefinedTable, errors.InsufficientPrivilege):
        reason = "스키마에 표가 없거나 역할이 볼 수 없습니다"
        fix = f"{_BOOTSTRAP}; 그다음 {fix}"
        mine = _is_app(service, conn)
        yield failed(service.name, reason, fix) if mine else skipped_after("db.role", service.name)
        return
    if present == heads:
        yield passed(service.name, f"최신입니다: {', '.join(sorted(heads))}")
    elif present <= {revision.revision for revision in script.walk_revisions()}:
        reason = f"{', '.join(sorted(present)) or '처음'}에 있고 {', '.join(sorted(heads))}이어야 합니다"
        yield failed(service.name, reason, fix)
    else:
        reason = f"이 코드가 모르는 판입니다: {', '.join(sorted(present))}"
        yield failed(service.name, reason, "더 새로운 코드를 배포하거나 데이터베이스 주소를 확인하세요")


def isolation(service: Service, conn: Connection) -> Iterator[Verdict]:
    """Every table with a tenant_id shows the app the rows of its transaction's tenant, and no others."""
    names = {"schema": service.package, "app": f"{service.package}_app"}
    tables = list(conn.execute(_ISOLATION, names))
    open_ones = [name for name, isolated in tables if not isolated]
    if open_ones:
        reason = f"학원끼리 나뉘지 않은 표: {', '.join(open_ones[:_SHOWN])} (모두 {len(open_ones)}개)"
        yield failed(service.name, reason, "행 수준 보안과 정책을 servicekit.rls.enable_rls와 같게 하세요")
    elif tables:
        yield passed(service.name, f"표 {len(tables)}개가 학원별로 나뉩니다")
    else:
        yield skipped_after("db.migrations", service.name)


def _is_app(service: Service, conn: Connection) -> bool:
    return conn.info.user == f"{service.package}_app"


def _column(conn: Connection, query: str) -> list[Any]:
    return [value for (value,) in conn.execute(query.encode())]
