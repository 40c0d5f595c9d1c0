"""What the database refuses, as the problem that people are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from servicekit.problem import Problem


@contextmanager
def unique(constraint: str, problem: Problem) -> Iterator[None]:
    """The database decides what is unique: its refusal of this constraint raises `problem`.

    The transaction is lost then, as with every refusal. Any other IntegrityError passes.
    """
    try:
        yield
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != constraint:
            raise
        raise problem from error
