"""The oldest PostgreSQL that we support, in a container: every service migrates and keeps tenants apart."""

from uuid import uuid4

import pytest
from contracts import SERVICES
from sqlalchemy import text
from testkit.containers import HostPostgres
from testkit.database import Templates

pytestmark = pytest.mark.containers


@pytest.fixture(scope="module")
def database():
    with HostPostgres("postgres:15") as container:
        templates = Templates(container.get_connection_url())
        with templates.migrated(*(service.replace("-", "_") for service in SERVICES)) as clone:
            yield clone
        templates.close()


def test_all_services_migrate_and_tenants_do_not_meet(database):
    students = database.database_of("students")
    insert = text(
        "INSERT INTO parent (tenant_id, id, phone, name) VALUES (:tenant, :id, '01012345678', '학부모')"
    )
    for tenant in ("one", "two"):
        with students.tenant(tenant) as conn:
            conn.execute(insert, {"tenant": tenant, "id": uuid4()})
    with students.tenant("one") as conn:
        assert conn.execute(text("SELECT tenant_id FROM parent")).scalars().all() == ["one"]
    with students.system() as conn:
        assert conn.execute(text("SELECT count(*) FROM parent")).scalar_one() == 2
