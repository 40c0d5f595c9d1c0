"""Who is acting, for the audit trail."""

from __future__ import annotations

from servicekit.web import deps, identity

from students.domain.audit import Actor
from students.ports import Ports


def actor() -> Actor:
    """The signed-in caller of this request."""
    return Actor(identity().subject, deps(Ports).pseudonyms)
