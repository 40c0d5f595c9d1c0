"""The Flask side: app factory, blueprints that name the roles they admit, the request's transaction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import flask
import flask_smorest
import orjson
from eventkit.ports import Database
from eventkit.trace import Cause
from eventkit.uow import UnitOfWork, unit_of_work
from flask import Flask, current_app, g, request
from flask.json.provider import JSONProvider
from marshmallow import Schema

from servicekit import health, idempotency, lifecycle, logs, openapi
from servicekit.auth import (
    ACCOUNT_ISSUER,
    ACCOUNT_ROLES,
    ANYONE,
    INTERNAL,
    PUBLIC,
    STAFF_ROLES,
    Accounts,
    Identity,
    InternalTokens,
    KeySet,
    Roles,
    Source,
    TokenVerifier,
)
from servicekit.metrics import HttpMetrics
from servicekit.problem import Problem, register_problems
from servicekit.requests import MAX_FIELD_BYTES, MAX_FORM_PARTS, MAX_JSON_BYTES, Parser, Request
from servicekit.settings import CommonSettings

T = TypeVar("T")
View = Callable[..., Any]
V = TypeVar("V", bound=Callable[..., Any])
_KIT = "servicekit"
_FORM_OVERHEAD = 64 << 10


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one rule, and who may call it."""

    method: str
    rule: str
    endpoint: str
    roles: Roles


@dataclass(frozen=True, slots=True)
class _Access:
    """What `Blueprint.route` declared about a view."""

    roles: Roles
    max_bytes: int = MAX_JSON_BYTES


@dataclass(frozen=True, slots=True)
class _Kit:
    """What the hooks of one app need."""

    service: str
    db: Database
    deps: object
    users: TokenVerifier
    accounts: Accounts | None
    workers: InternalTokens
    metrics: HttpMetrics


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
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
        """Register a view function for user `roles`, or for PUBLIC or INTERNAL alone.

        `max_bytes` bounds the request body (of an upload: the file). A POST by a signed-in caller honours
        Idempotency-Key. Raises TypeError for no, mixed or unknown roles.
        """
        if not roles or not (roles <= ANYONE or roles in (PUBLIC, INTERNAL)):
            raise TypeError(f"{rule}: name user roles, or PUBLIC, or INTERNAL")

        def register(view: View) -> View:
            guarded = _idempotent(view) if "POST" in methods and roles <= ANYONE else view
            documented = self.doc(**openapi.access(roles))(guarded)
            self.add_url_rule(
                rule, None, _declare(documented, _Access(roles, max_bytes)), methods=methods, **options
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


def create_base_app(
    service: str,
    settings: CommonSettings,
    db: Database,
    *,
    deps: object = None,
    blueprints: Sequence[Blueprint] = (),
    accounts: Accounts | None = None,
) -> Flask:
    """A Flask app with errors, identity, health, metrics and OpenAPI; `deps` is what views get from `deps()`.

    Connects to nothing. Raises RuntimeError when a view names no roles, or admits students or parents
    where there are no `accounts` to know them by.
    """
    app = Flask(service, static_folder=None)
    _configure(app, service)
    sources = {settings.auth_issuer: Source(KeySet(settings.auth_jwks_url), STAFF_ROLES)}
    if accounts is not None:
        sources[ACCOUNT_ISSUER] = Source(accounts.keys, ACCOUNT_ROLES)
    kit = _Kit(
        service,
        db,
        deps,
        TokenVerifier(sources, settings.auth_audience),
        accounts,
        InternalTokens(settings.internal_worker_token.reveal()),
        HttpMetrics(service),
    )
    app.extensions[_KIT] = kit
    app.before_request(_before)
    app.after_request(lambda response: lifecycle.finish(response, kit.metrics))
    api = openapi.Api(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    register_problems(app)  # after flask-smorest, whose own handler this replaces
    _system_routes(app, kit, api)
    return app


def routes(app: Flask) -> list[Route]:
    """Every route of the app with its roles, sorted; raises RuntimeError for a view without roles."""
    found: list[Route] = []
    for rule in app.url_map.iter_rules():
        access = _access_of(app, rule.endpoint)
        if access is None:
            raise RuntimeError(f"{rule.rule} ({rule.endpoint}) names no roles")
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found.extend(Route(method, rule.rule, rule.endpoint, access.roles) for method in methods)
    return sorted(found, key=lambda route: (route.rule, route.method))


def identity() -> Identity:
    """The signed-in caller of this request; only on routes that admit user roles."""
    who = g.get("identity")
    if not isinstance(who, Identity):
        raise RuntimeError("this route has no signed-in caller")
    return who


def deps(cls: type[T]) -> T:
    """The dependency object given to `create_base_app`."""
    found = _kit().deps
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
    cause = Cause.start(g.request_id, request.headers.get("traceparent", ""))
    with unit_of_work(_kit().db, of, cause, source=_kit().service) as uow:
        g.uow = uow
        try:
            yield uow
        finally:
            g.uow = None


class _Json(JSONProvider):
    """orjson: ISO dates, UUIDs and UTF-8 text as they are."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        option = orjson.OPT_INDENT_2 if kwargs.get("indent") else 0
        return orjson.dumps(obj, option=option, default=str).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


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


def _configure(app: Flask, service: str) -> None:
    app.request_class = Request
    app.json = _Json(app)
    app.url_map.strict_slashes = False
    # a redirect would repeat the caller's Host header
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_JSON_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        MAX_FORM_MEMORY_SIZE=MAX_FIELD_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        **openapi.config(service),
    )


def _before() -> None:
    lifecycle.begin()
    lifecycle.refuse_bad_characters()
    if request.routing_exception is not None:
        raise request.routing_exception
    access = _access_of(current_app, request.endpoint)
    if access is None:
        raise Problem("not_found")  # deny by default: a view nobody gave roles does not exist
    overhead = _FORM_OVERHEAD if request.mimetype == "multipart/form-data" else 0
    request.max_content_length = access.max_bytes + overhead
    _authorise(access.roles)


def _authorise(roles: Roles) -> None:
    if roles == PUBLIC:
        return
    if roles == INTERNAL:
        _kit().workers.check(request.headers.get("X-Worker-Token"))
        return
    who = _kit().users.identify(request.headers.get("Authorization"))
    logs.bind(tenant=who.tenant_id)
    if not who.roles & roles:
        raise Problem("forbidden")
    accounts = _kit().accounts
    if who.roles & ACCOUNT_ROLES and not (accounts and accounts.alive(who)):
        raise Problem("invalid_token")
    g.identity = who


def _system_routes(app: Flask, kit: _Kit, api: openapi.Api) -> None:
    def metrics() -> flask.Response:
        text, content_type = kit.metrics.page()
        return flask.Response(text, content_type=content_type)

    views: dict[str, View] = {
        "/livez": health.live,
        "/readyz": lambda: health.health(kit.service, kit.db),
        "/health": lambda: health.health(kit.service, kit.db),
        "/metrics": metrics,
        f"/openapi/{kit.service}.json": lambda: openapi.document(api),
        f"/openapi/{kit.service}": lambda: openapi.page(api),
    }
    for rule, view in views.items():
        app.add_url_rule(rule, rule.strip("/").replace(".", "_"), _declare(view, _Access(PUBLIC)))
    for route in routes(app):
        if route.roles & ACCOUNT_ROLES and kit.accounts is None:
            raise RuntimeError(f"{route.rule} admits students or parents, whom this service cannot know")


def _declare(view: View, access: _Access) -> View:
    @functools.wraps(view)
    def declared(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    declared.access = access  # type: ignore[attr-defined]
    return declared


def _access_of(app: Flask, endpoint: str | None) -> _Access | None:
    access = getattr(app.view_functions.get(endpoint or ""), "access", None)
    return access if isinstance(access, _Access) else None


def _kit() -> _Kit:
    kit: _Kit = current_app.extensions[_KIT]
    return kit
