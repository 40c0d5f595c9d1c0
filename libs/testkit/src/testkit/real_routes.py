"""Holds a stand-in to the routes it stands in for: who may ask, what they take, and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.blueprints import Blueprint
from marshmallow import Schema, fields
from servicekit.web import access_of
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException


@dataclass(frozen=True, slots=True)
class Route:
    """One of a service's: its view, who may ask, what it takes (query, json), and gives by status."""

    view: str
    roles: frozenset[str]
    takes: Mapping[str, type[Schema]]
    gives: Mapping[int, Schema | None]

    def loaded(self, query: Mapping[str, str], body: Any) -> dict[str, Any]:
        """What was sent, as the view would get it. Raises ValidationError."""
        found: dict[str, Any] = {}
        for schema, given in self._sent(query, body):
            found |= schema.load(given)
        return found

    def refused(self, query: Mapping[str, str], body: Any) -> Iterable[str]:
        """What of it the service would not take."""
        if body is not None and "json" not in self.takes:
            yield "takes no body"
        for schema, given in self._sent(query, body):
            for name, said in schema.validate(given).items():
                yield f"{name} {said}"

    def _sent(self, query: Mapping[str, str], body: Any) -> Iterable[tuple[Schema, Any]]:
        """Without forms: a file streams past these servers."""
        for place, given in (("query", MultiDict(query)), ("json", body)):
            if place in self.takes:
                yield self.takes[place](), given

    def misshapen(self, status: int, said: Any) -> Iterable[str]:
        """What of an answer below 300 the service would not give."""
        if status not in self.gives:
            yield f"answers no {status}"
        else:
            yield from _misshapen(self.gives[status], said, "")


class RealRoutes:
    """The routes of blueprints, with the schemas that they say they take and give."""

    def __init__(self, blueprints: Iterable[Blueprint]) -> None:
        self._app = Flask(__name__)
        for blueprint in blueprints:
            self._app.register_blueprint(blueprint)
        self._adapter = self._app.url_map.bind("")

    def find(self, method: str, path: str) -> tuple[Route, dict[str, Any]]:
        """The route and what the address says. Raises werkzeug's NotFound or MethodNotAllowed."""
        endpoint, values = self._adapter.match(path, method)
        access, told = (
            access_of(self._app, endpoint),
            getattr(self._app.view_functions[endpoint], "_apidoc", {}),
        )
        assert access is not None
        parameters = told.get("arguments", {}).get("parameters", ())
        takes = {each["in"]: each["schema"] for each in parameters}
        answers = told["response"]["responses"].items()
        gives = {status: given.get("schema") for status, (given,) in answers}
        return Route(endpoint.rpartition(".")[2], access.roles, takes, gives), dict(values)

    def wrong(
        self, method: str, path: str, query: Mapping[str, str], body: Any, status: int, said: Any
    ) -> list[str]:
        """What the service would not have taken, of an answer below 300 also what it would not have given."""
        try:
            route, _ = self.find(method, path)
        except HTTPException as error:
            return [f"{method} {path}: {error.code}"]
        found = [*route.refused(query, body), *(route.misshapen(status, said) if status < 300 else ())]
        return [f"{method} {path}: {each}" for each in found]


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
