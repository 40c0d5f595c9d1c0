"""Money as the routes give it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields


class Won(fields.Decimal):
    """KRW as a text, so that no reader makes a binary fraction of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(places=2, as_string=True, **kwargs)
