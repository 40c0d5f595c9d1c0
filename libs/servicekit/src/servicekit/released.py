"""How a service that owns objects says of which nothing will be needed again; the storage-janitor asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from contracts.tenant import TENANT
from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from servicekit.auth import INTERNAL
from servicekit.fields import StrictSchema
from servicekit.web import Blueprint, tx

MAX_KEYS = 1000
Released = Callable[[Connection, str, Sequence[str]], Collection[str]]
"""(connection, tenant, keys) → those of the keys that no live row refers to and none ever will.

Once a key is released it stays so: between the answer and the deletion nobody may come to need it. A key that
the service does not know the shape of is not released.
"""


class _Asked(StrictSchema):
    tenant_id = fields.String(required=True, validate=validate.Regexp(rf"(?:{TENANT.pattern})\Z"))
    # keys are taken as they are: one that was trimmed or normalised would be another one
    keys = fields.List(fields.String(), required=True, validate=validate.Length(min=1, max=MAX_KEYS))


class _Released(Schema):
    """The keys that may go, in order; every other one is needed."""

    released = fields.List(fields.String(), required=True)


def released_blueprint(released: Released) -> Blueprint:
    """POST /internal/storage/released/: which of these objects may be deleted."""
    blueprint = Blueprint("storage", __name__, url_prefix="/internal/storage", description="저장소")

    @blueprint.route("/released/", roles=INTERNAL, methods=["POST"], max_bytes=2 << 20)
    @blueprint.arguments(_Asked)
    @blueprint.response(200, _Released)
    def show_released(asked: dict[str, Any]) -> dict[str, Any]:
        """Which of up to 1,000 objects nothing refers to and nothing ever will."""
        with tx(asked["tenant_id"]) as uow:
            found = set(released(uow.conn, uow.tenant, asked["keys"]))
        return {"released": sorted(found & set(asked["keys"]))}

    return blueprint
