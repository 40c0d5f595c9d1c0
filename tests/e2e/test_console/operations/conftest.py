"""Dead letters, replays and flows of the console's own academy, and those who run the system."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from academyctl.config import Directories
from academyctl.issuer import DevelopmentIssuer
from eventkit.deadletters import letters
from eventkit.deadletters.letters import Letter
from eventkit.envelope import encode
from eventkit.ids import new_id
from testkit.academy import SCHEMAS
from testkit.stack import LocalStack

MINUTE = timedelta(minutes=1)


class Operations:
    """What operators would find, put into the services' tables; `clean` takes it out again."""

    def __init__(self, stack: LocalStack, tenant: str) -> None:
        self.stack = stack
        self.tenant = tenant
        url = stack.admin_url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")

    def token(self, subject: str, *roles: str) -> str:
        """Of somebody who runs the system."""
        issuer = DevelopmentIssuer(Directories(self.stack.data).secrets)
        return issuer.token("operations", roles, subject, timedelta(hours=1))

    def query(self, statement: str, **values: Any) -> list[Any]:
        """Rows as the superuser sees them."""
        with self._engine.connect() as conn:
            result = conn.execute(sa.text(statement), {"tenant": self.tenant, **values})
            return [row._tuple() for row in result] if result.returns_rows else []

    def bury(self, service: str, *bodies: str, type: str, reason: str, **values: Any) -> list[UUID]:
        """Dead letters of one cause, a body each; their ids."""
        schema, now = service.replace("-", "_"), datetime.now(UTC)
        given = {
            "event_id": None, "handler": "on_test", "place": "usecases.py:42 restore", "attempts": 6,
            "correlation_id": None, "published_at": now - 5 * MINUTE, "seen_at": now,
            "source_queue": f"academy-{service}-events", "tenant_id": self.tenant, **values,
        }  # fmt: skip
        buried = [
            Letter(id=new_id(), key=str(new_id()), type=type, reason=reason, body=body, **given)
            for body in bodies
        ]
        with self._engine.connect() as conn:
            conn.execute(sa.text(f"SET search_path TO {schema}"))
            letters.keep(conn, buried)
            conn.execute(sa.text("RESET search_path"))
        return [letter.id for letter in buried]

    def sent(self, service: str, destination: str, type: str, cause: UUID | None = None) -> UUID:
        """An event that was made five minutes ago, sent a minute later and answered by nobody; its id."""
        event = UUID(int=new_id().int - (5 * 60_000 << 80))  # UUIDv7 begins with milliseconds
        self.query(
            f"""INSERT INTO {service}.outbox (id, destination, type, tenant_id, subject, correlation_id,
                causation_id, body, created_at, sent_at)
            VALUES (:id, :destination, :type, :tenant, :tenant, :tenant, :cause, '',
                now() - interval '5 minutes', now() - interval '4 minutes')""",
            id=event, destination=destination, type=type, cause=cause and str(cause),
        )  # fmt: skip
        return event

    def handled(self, service: str, type: str, event: UUID, **values: int) -> None:
        """`service` has handled it: at which delivery, and how often it came after that."""
        given = {"receives": 1, "duplicates": 0, **values}
        self.query(
            f"""INSERT INTO {service}.inbox (handler, event_id, tenant_id, type, correlation_id, handled_at,
                receives, duplicates)
            VALUES ('on_test', :event, :tenant, :type, :tenant, now() - interval '3 minutes', :receives,
                :duplicates)""",
            event=event, type=type, **given,
        )  # fmt: skip

    def clean(self) -> None:
        tables = (f"{schema}.{table}" for schema in SCHEMAS for table in ("dead_letter", "outbox", "inbox"))
        for table in tables:
            self.query(f"DELETE FROM {table} WHERE tenant_id = :tenant")
        for schema in SCHEMAS:
            self.query(f"DELETE FROM {schema}.replay WHERE filter ->> 'tenant_id' = :tenant")
        self._engine.dispose()


@pytest.fixture
def operations(console: Any, stack: LocalStack) -> Iterator[Operations]:
    """By database, under the tenant of `console`."""
    operations = Operations(stack, console.tenant)
    yield operations
    operations.clean()


@pytest.fixture
def changed(make_event: Any, console: Any) -> Any:
    """`changed(**values)`: the body of an event that messaging can handle: a new student with these."""

    def body(**values: Any) -> str:
        student = {
            "student_id": str(new_id()), "version": 1, "name": "김하나", "parent_phone": "01070010001",
            "student_phone": None, "school": None, "grade": 2, "deleted": False, **values,
        }  # fmt: skip
        columns = {name: [value] for name, value in student.items()}
        return encode(
            make_event("students.student.changed", console.tenant, {"students": columns}, console.tenant)
        )

    return body


@pytest.fixture
def operator(console: Any, operations: Operations) -> Any:
    """Signed in as one who may change things."""
    return signed_in(console, operations.token("kim", "viewer", "operator"))


@pytest.fixture
def viewer(console: Any, operations: Operations) -> Any:
    """Signed in as one who may only look."""
    return signed_in(console, operations.token("lee", "viewer"))


def signed_in(console: Any, token: str) -> Any:
    console.open(f"#token={token}")
    console.wait_text("h1", "운영 현황")
    return console
