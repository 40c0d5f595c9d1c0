"""The Flask side, as views see it: blueprints that name the roles they admit, the request's transaction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import flask
import flask_smorest
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.tracing import Tracer
from eventkit.uow import UnitOfWork, unit_of_work
from flask import Flask, current_app, g, request
from marshmallow import Schema
from sqlalchemy import Connection

from servicekit import idempotency, openapi
from servicekit.auth import (
    ANYONE,
    INTERNAL,
    OPERATIONS,
    PUBLIC,
    Accounts,
    Identity,
    InternalTokens,
    Roles,
    TokenVerifier,
)
from servicekit.metrics import HttpMetrics
from servicekit.requests import MAX_JSON_BYTES, Parser

T = TypeVar("T")
View = Callable[..., Any]
V = TypeVar("V", bound=Callable[..., Any])
KIT = "servicekit"


@dataclass(frozen=True, slots=True)
class Access:
    """What `Blueprint.route` declared about a view."""

    roles: Roles
    max_bytes: int = MAX_JSON_BYTES


@dataclass(frozen=True, slots=True)
class Kit:
    """What the hooks of one app need."""

    service: str
    build: str
    db: Database
    deps: object
    users: TokenVerifier
    accounts: Accounts | None
    workers: InternalTokens
    tracer: Tracer
    metrics: HttpMetrics


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # ships no types
    """flask-smorest's blueprint; every route names the roles it admits."""

    ARGUMENTS_PARSER = Parser()

    def route(
        self,
        rule: str,
        *,
        roles: Roles,
        methods: Sequence[str] = ("GET",),
        max_bytes: int = MAX_JSON_BYTES,
        **options: Any,
    ) -> Callable[[View], View]:
        """Register a view function for `roles` of users or of operations, or for PUBLIC or INTERNAL alone.

        `max_bytes` bounds the request body (of an upload: the file). A POST by a signed-in caller honours
        Idempotency-Key. Raises TypeError for no, mixed or unknown roles.
        """
        if not roles or not (roles <= ANYONE or roles <= OPERATIONS or roles in (PUBLIC, INTERNAL)):
            raise TypeError(f"{rule}: name user roles, or operations roles, or PUBLIC, or INTERNAL")

        def register(view: View) -> View:
            guarded = _idempotent(view) if "POST" in methods and roles <= ANYONE else view
            documented = self.doc(**openapi.access(roles))(guarded)
            self.add_url_rule(
                rule, None, declare(documented, Access(roles, max_bytes)), methods=methods, **options
            )
            return view

        return register

    def arguments(
        self, schema: type[Schema] | Schema, *, location: str = "json", **options: Any
    ) -> Callable[[V], V]:
        """Parse and check a part of the request, handed to the view as a dict; unknown fields are refused."""
        return cast("Callable[[V], V]", super().arguments(schema, location=location, **options))

    def response(
        self, status_code: int, schema: type[Schema] | Schema | None = None, **options: Any
    ) -> Callable[[V], V]:
        """Answer with this status and, through the schema, what the view returns."""
        return cast("Callable[[V], V]", super().response(status_code, schema, **options))

    def doc(self, **described: Any) -> Callable[[V], V]:
        """What OpenAPI is told beside arguments and response."""
        return cast("Callable[[V], V]", super().doc(**described))


def identity() -> Identity:
    """The signed-in caller of this request; only on routes that admit user roles."""
    who = g.get("identity")
    if not isinstance(who, Identity):
        raise RuntimeError("this route has no signed-in caller")
    return who


def deps(cls: type[T]) -> T:
    """The dependency object given to `create_base_app`."""
    found = kit().deps
    if not isinstance(found, cls):
        raise RuntimeError(f"deps is {type(found).__name__}, not {cls.__name__}")
    return found


@contextmanager
def tx(tenant: str | None = None) -> Iterator[UnitOfWork]:
    """One transaction of the caller's tenant; commits at the end of the block, rolls back on an exception.

    Inside another `tx` (or the one Idempotency-Key opened) it is a savepoint of that one. A PUBLIC or
    INTERNAL route has no caller and names the `tenant`.
    """
    who = g.get("identity")
    of = who.tenant_id if who else tenant
    if of is None or (tenant is not None and tenant != of):
        raise RuntimeError("a signed-in route works in its caller's tenant, any other names one")
    outer: UnitOfWork | None = g.get("uow")
    if outer is not None:
        with outer.conn.begin_nested():
            uow = UnitOfWork(outer.conn, of, outer.cause, source=outer.source)
            yield uow
            uow.flush()
        return
    cause = Cause.start(g.request_id, g.traceparent)
    with unit_of_work(kit().db, of, cause, source=kit().service) as uow:
        g.uow = uow
        try:
            yield uow
        finally:
            g.uow = None


@contextmanager
def system() -> Iterator[Connection]:
    """One transaction over all academies, for what operators look at and do."""
    with kit().db.system() as conn:
        yield conn


def caller() -> str:
    """Who is calling, for an audit row: a token's subject, or "internal"."""
    who = g.get("identity")
    return who.subject if isinstance(who, Identity) else "internal"


def build_id() -> str:
    """Which build answers."""
    return kit().build


class _NotStoredError(Exception):
    """Carries an unsuccessful answer out of the idempotent transaction, rolling it back."""

    def __init__(self, answer: flask.Response) -> None:
        super().__init__()
        self.answer = answer


def _idempotent(view: View) -> View:
    @functools.wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = idempotency.key_of(request)
        if key is None:
            return view(*args, **kwargs)
        who, request_hash = identity(), idempotency.fingerprint(request)
        try:
            with tx() as uow:
                stored = idempotency.replay(uow.conn, who, key, request_hash)
                if stored is not None:
                    return stored
                answer = current_app.make_response(view(*args, **kwargs))
                if answer.status_code >= 300:
                    raise _NotStoredError(answer)
                idempotency.store(
                    uow.conn, who, key, request_hash, f"{request.method} {request.url_rule}", answer
                )
                return answer
        except _NotStoredError as refused:
            return refused.answer

    return once


def declare(view: View, access: Access) -> View:
    """The view with its access on it; a copy, so that one view may serve under two."""

    @functools.wraps(view)
    def declared(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    declared.access = access  # type: ignore[attr-defined]  # functions carry attributes, unknown to mypy
    return declared


def access_of(app: Flask, endpoint: str | None) -> Access | None:
    """None for a view that no blueprint of this kind has registered."""
    access = getattr(app.view_functions.get(endpoint or ""), "access", None)
    return access if isinstance(access, Access) else None


def kit() -> Kit:
    """Of the app that answers this request."""
    found: Kit = current_app.extensions[KIT]
    return found
