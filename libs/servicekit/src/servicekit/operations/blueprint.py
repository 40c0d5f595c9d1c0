"""The blueprint of the operations routes; the modules beside it add theirs."""

from __future__ import annotations

from servicekit.web import Blueprint

operations = Blueprint("operations", __name__, description="운영")
