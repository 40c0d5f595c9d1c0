"""OpenAPI 3.1 from the marshmallow schemas, as JSON and as a readable page without outside assets."""

from __future__ import annotations

from typing import Any

import flask_smorest
import marshmallow
from flask import Response, current_app, render_template_string

from servicekit import fields
from servicekit.auth import INTERNAL, PUBLIC, Roles

_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "internal": {"type": "apiKey", "in": "header", "name": "X-Worker-Token"},
}


class ProblemSchema(marshmallow.Schema):
    """RFC 9457 error body; `detail` is Korean, `code` is stable."""

    type = marshmallow.fields.String(required=True)
    title = marshmallow.fields.String(required=True)
    status = marshmallow.fields.Integer(required=True)
    code = marshmallow.fields.String(required=True)
    detail = marshmallow.fields.String(required=True)
    errors = marshmallow.fields.Dict()
    request_id = marshmallow.fields.String(required=True)
    instance = marshmallow.fields.String()


class Api(flask_smorest.Api):  # type: ignore[misc]  # ships no types
    """flask-smorest's Api, documenting our problem body and field types."""

    ERROR_SCHEMA = ProblemSchema

    def _init_spec(self, **options: Any) -> None:
        super()._init_spec(**options)
        self.register_field(fields.Text, "string", None)
        self.register_field(fields.Password, "string", "password")
        self.register_field(fields.Choice, "string", None)
        self.register_field(fields.Whole, "integer", None)
        self.register_field(fields.Id, "string", "uuid")


def config(service: str) -> dict[str, Any]:
    """Flask settings of flask-smorest; it serves nothing itself, `document` and `page` do."""
    return {
        "API_TITLE": f"Academy {service}",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {"components": {"securitySchemes": _SECURITY}},
    }


def access(roles: Roles) -> dict[str, Any]:
    """The documentation of who may call an operation."""
    names = sorted(role.value for role in roles)
    if roles == PUBLIC:
        return {"security": [], "x-roles": names}
    return {"security": [{"internal" if roles == INTERNAL else "bearer": []}], "x-roles": names}


def document(api: Api) -> dict[str, Any]:
    """The specification; errors under the media type they really have."""
    spec: dict[str, Any] = api.spec.to_dict()
    for response in spec.get("components", {}).get("responses", {}).values():
        content = response.get("content", {})
        if "application/json" in content:
            content["application/problem+json"] = content.pop("application/json")
    return spec


def page(api: Api) -> Response:
    """The specification for a reader."""
    spec = document(api)
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in sorted(spec.get("paths", {}).items())
        for method, operation in methods.items()
        if method != "parameters"
    ]
    html = render_template_string(_PAGE, spec=spec, operations=operations, dumps=current_app.json.dumps)
    return Response(html, content_type="text/html; charset=utf-8")


_PAGE = """<!doctype html><html lang="ko"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{ spec.info.title }}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2330}
h1{margin-bottom:.2rem}details{border:1px solid #d5dae3;border-radius:6px;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer}code,pre{font:14px ui-monospace,monospace}
pre{overflow:auto;background:#f5f7fa;padding:.8rem}
b{display:inline-block;min-width:4.5rem}small{color:#5a6578}
</style>
<h1>{{ spec.info.title }}</h1><p><small>OpenAPI {{ spec.openapi }}</small></p>
{% for o in operations %}<details><summary><b>{{ o.method }}</b><code>{{ o.path }}</code>
{{ o.summary or "" }} <small>{{ (o["x-roles"] or []) | join(", ") }}</small></summary>
{% if o.description %}<p>{{ o.description }}</p>{% endif %}
{% for part in ("parameters", "requestBody", "responses") %}{% if o[part] %}<h4>{{ part }}</h4>
<pre>{{ dumps(o[part], indent=2) }}</pre>{% endif %}{% endfor %}</details>
{% endfor %}<h2>Schemas</h2>
{% for name, schema in (spec.components.schemas or {}).items() %}<details id="{{ name }}"><summary>
<code>{{ name }}</code></summary><pre>{{ dumps(schema, indent=2) }}</pre></details>{% endfor %}</html>
"""
