"""A dead letter's body: shown without what it says of people, and edited field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from contracts import IncompatibleEventError, NewerEventError, Registry, UnknownEventTypeError

from eventkit.errors import PermanentError
from eventkit.redaction import MASK, dump

# identifiers and moments: any other text may be about somebody, and so may a number as long as a phone's
_PLAIN = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?"
)
_LARGEST = 10**7
# fields that hold words of code
_CODES = {"type", "source", "tenantid", "job_type", "status", "outcome", "code", "error_code", "kind"}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z_]{1,40}")
_ENVELOPE = ("id", "type", "source", "time", "tenantid", "correlationid", "causationid", "schemaversion")
_LONGEST_LIST = 20
_DEEPEST = 10


def masked(body: str) -> dict[str, Any] | None:
    """The envelope's own fields and the masked data; None for a body that is no JSON object.

    Lists are cut to 20 entries, with their full length beside them under `<name>#`.
    """
    try:
        document = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    shown = {name: _masked(document[name], name) for name in _ENVELOPE if name in document}
    return {**shown, "data": _masked(document.get("data"), "data")}


def _masked(value: Any, name: str, depth: int = 0) -> Any:
    """`name`: the field that it is in."""
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, dict):
        shown: dict[str, Any] = {}
        for key, inner in value.items():
            known = key if _NAME.fullmatch(key) else MASK
            shown[known] = _masked(inner, known, depth + 1)
            if isinstance(inner, list) and len(inner) > _LONGEST_LIST:
                shown[f"{known}#"] = len(inner)
        return shown
    if isinstance(value, list):
        return [_masked(inner, name, depth + 1) for inner in value[:_LONGEST_LIST]]
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) or (name in _CODES and _WORD.fullmatch(value))
        return value if plain else MASK
    return MASK if isinstance(value, int | float) and abs(value) >= _LARGEST else value


def edited(body: str, changes: Mapping[str, Any], registry: Registry) -> str:
    """The event with these top fields of `data` set; who sent it, when and to whom cannot be changed.

    Raises PermanentError not_an_event | unknown_field | incompatible_data.
    """
    document = _event(body)
    data, known = document["data"], _event_type(document, registry).schema().fields
    strange = sorted(set(changes) - set(known))
    if strange:
        raise PermanentError("unknown_field", ", ".join(strange))
    document["data"] = {**data, **changes}
    try:
        _event_type(document, registry).read(document["data"], document["schemaversion"])
        return dump(document)
    except (IncompatibleEventError, NewerEventError) as error:
        raise PermanentError("incompatible_data", str(error)) from None
    # an upcaster met what it cannot lift, or there is more inside each other than JSON takes
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PermanentError("incompatible_data", type(error).__name__) from None


def _event(body: str) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        raise PermanentError("not_an_event") from None
    if not isinstance(document, dict) or not isinstance(document.get("data"), dict):
        raise PermanentError("not_an_event")
    if not isinstance(document.get("schemaversion"), int):
        raise PermanentError("not_an_event")
    return document


def _event_type(document: Mapping[str, Any], registry: Registry) -> Any:
    try:
        return registry.get(str(document.get("type")))
    except UnknownEventTypeError:
        raise PermanentError("not_an_event") from None
