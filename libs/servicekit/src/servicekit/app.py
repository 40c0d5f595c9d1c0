"""The Flask app of a service: errors, identity, health, metrics, OpenAPI, and deny by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flask
import orjson
from eventkit import logcontext
from eventkit.ports import Database
from flask import Flask, current_app, g, request
from flask.json.provider import JSONProvider

from servicekit import health, lifecycle, openapi
from servicekit.auth import (
    ACCOUNT_ISSUER,
    ACCOUNT_ROLES,
    INTERNAL,
    OPERATIONS,
    PUBLIC,
    STAFF_ROLES,
    Accounts,
    InternalTokens,
    KeySet,
    Roles,
    Source,
    TokenVerifier,
)
from servicekit.metrics import HttpMetrics
from servicekit.operations import operations
from servicekit.problem import Problem, register_problems
from servicekit.requests import MAX_FIELD_BYTES, MAX_FORM_PARTS, MAX_JSON_BYTES, Request
from servicekit.settings import CommonSettings
from servicekit.tracing import tracer_of
from servicekit.web import KIT, Access, Blueprint, Kit, View, access_of, declare, kit

_FORM_OVERHEAD = 64 << 10


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one rule, and who may call it."""

    method: str
    rule: str
    endpoint: str
    roles: Roles


def create_base_app(
    service: str,
    settings: CommonSettings,
    db: Database,
    *,
    metrics: HttpMetrics | None = None,
    deps: object = None,
    blueprints: Sequence[Blueprint] = (),
    operated: Sequence[Blueprint] = (),
    accounts: Accounts | None = None,
) -> Flask:
    """A Flask app with errors, identity, health, metrics and OpenAPI; `deps` is what views get from `deps()`.

    `operated` are the service's own operations routes, beside those that every service has.

    Connects to nothing. Raises RuntimeError when a view names no roles, or admits students or parents
    where there are no `accounts` to know them by.
    """
    app = Flask(service, static_folder=None)
    _configure(app, service)
    sources = {settings.auth_issuer: Source(KeySet(settings.auth_jwks_url), STAFF_ROLES | OPERATIONS)}
    if accounts is not None:
        sources[ACCOUNT_ISSUER] = Source(accounts.keys, ACCOUNT_ROLES)
    parts = Kit(
        service,
        settings.build_id,
        db,
        deps,
        TokenVerifier(sources, settings.auth_audience),
        accounts,
        InternalTokens(settings.internal_worker_token.reveal()),
        tracer_of(service, settings),
        metrics or HttpMetrics(service),
    )
    app.extensions[KIT] = parts
    app.before_request(_before)
    app.teardown_request(lifecycle.end)
    app.after_request(lifecycle.hear_out)
    app.after_request(lambda response: lifecycle.finish(response, parts.metrics))
    api = openapi.Api(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    _operations_routes(app, api, [operations, *operated])
    register_problems(app)  # after flask-smorest, whose own handler this replaces
    _system_routes(app, parts, api)
    return app


def routes(app: Flask) -> list[Route]:
    """Every route of the app with its roles, sorted; raises RuntimeError for a view without roles."""
    found: list[Route] = []
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint)
        if access is None:
            raise RuntimeError(f"{rule.rule} ({rule.endpoint}) names no roles")
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found.extend(Route(method, rule.rule, rule.endpoint, access.roles) for method in methods)
    return sorted(found, key=lambda route: (route.rule, route.method))


class _Json(JSONProvider):
    """orjson: ISO dates, UUIDs and UTF-8 text as they are."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        option = orjson.OPT_INDENT_2 if kwargs.get("indent") else 0
        return orjson.dumps(obj, option=option, default=str).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


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
    lifecycle.begin(kit().tracer)
    lifecycle.refuse_bad_characters()
    if request.routing_exception is not None:
        raise request.routing_exception
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise Problem("not_found")  # deny by default: a view nobody gave roles does not exist
    overhead = _FORM_OVERHEAD if request.mimetype == "multipart/form-data" else 0
    request.max_content_length = access.max_bytes + overhead
    _authorise(access.roles)


def _authorise(roles: Roles) -> None:
    if roles == PUBLIC:
        return
    if roles == INTERNAL:
        kit().workers.check(request.headers.get("X-Worker-Token"))
        return
    who = kit().users.identify(request.headers.get("Authorization"))
    logcontext.bind(tenant=who.tenant_id)
    if not who.roles & roles:
        raise Problem("forbidden")
    accounts = kit().accounts
    if who.roles & ACCOUNT_ROLES and not (accounts and accounts.alive(who)):
        raise Problem("invalid_token")
    g.identity = who


def _operations_routes(app: Flask, api: openapi.Api, blueprints: Sequence[Blueprint]) -> None:
    """Twice: for operators behind the gateway, and for the internal token inside."""
    for blueprint in blueprints:
        inside = f"internal_{blueprint.name}"
        api.register_blueprint(blueprint, url_prefix=f"/api/v1/operations/{app.name}")
        app.register_blueprint(blueprint, url_prefix="/internal/operations", name=inside)
        for endpoint, view in app.view_functions.items():
            if endpoint.startswith(f"{inside}."):
                app.view_functions[endpoint] = declare(view, Access(INTERNAL))


def _system_routes(app: Flask, parts: Kit, api: openapi.Api) -> None:
    def metrics() -> flask.Response:
        text, content_type = parts.metrics.page()
        return flask.Response(text, content_type=content_type)

    views: dict[str, View] = {
        "/livez": health.live,
        "/readyz": lambda: health.health(parts.service, parts.db),
        "/health": lambda: health.health(parts.service, parts.db),
        "/metrics": metrics,
        f"/openapi/{parts.service}.json": lambda: openapi.document(api),
        f"/openapi/{parts.service}": lambda: openapi.page(api),
    }
    for rule, view in views.items():
        app.add_url_rule(rule, rule.strip("/").replace(".", "_"), declare(view, Access(PUBLIC)))
    for route in routes(app):
        if route.roles & ACCOUNT_ROLES and parts.accounts is None:
            raise RuntimeError(f"{route.rule} admits students or parents, whom this service cannot know")
