"""Holds a stand-in to the routes it stands in for: what they take, and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from flask.blueprints import Blueprint
from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException


class RealRoutes:
    """The routes of blueprints, with the schemas that they say they take and give."""

    def __init__(self, blueprints: Iterable[Blueprint]) -> None:
        app = Flask(__name__)
        for blueprint in blueprints:
            app.register_blueprint(blueprint)
        self._views = app.view_functions
        self._adapter = app.url_map.bind("")

    def wrong(
        self, method: str, path: str, query: Mapping[str, str], body: Any, status: int, said: Any
    ) -> list[str]:
        """What the service would not have taken, of an answer below 300 also what it would not have given."""
        try:
            endpoint, _ = self._adapter.match(path, method)
        except HTTPException as error:
            return [f"{method} {path}: {error.code}"]
        told = getattr(self._views[endpoint], "_apidoc", {})
        found = [f"{method} {path}: {each}" for each in _refused(told, query, body)]
        if status < 300 and status in told["response"]["responses"]:
            (given,) = told["response"]["responses"][status]
            found += [f"{method} {path}: {each}" for each in _misshapen(given.get("schema"), said, "")]
        elif status < 300:
            found.append(f"{method} {path}: answers no {status}")
        return found


def _refused(told: Mapping[str, Any], query: Mapping[str, str], body: Any) -> Iterable[str]:
    parameters = told.get("arguments", {}).get("parameters", [])
    if body is not None and not any(each["in"] == "json" for each in parameters):
        yield "takes no body"
    for each in parameters:
        if each["in"] not in ("query", "json"):
            continue  # a form: its file streams past these servers
        given = MultiDict(query) if each["in"] == "query" else body
        for name, said in each["schema"]().validate(given).items():
            yield f"{name} {said}"


def _misshapen(schema: Schema | None, said: Any, where: str) -> Iterable[str]:
    if schema is None:
        return
    if set(said) != set(schema.fields):
        yield f"{where} has {sorted(set(said) ^ set(schema.fields))} too many or too few"
        return
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and said[name] is not None:
            for one in said[name] if isinstance(field, fields.List) else [said[name]]:
                yield from _misshapen(inner.schema, one, f"{where}.{name}")
