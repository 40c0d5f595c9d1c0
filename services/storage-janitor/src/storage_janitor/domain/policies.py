"""The retention policy: rules of which objects go when, and the fuses that stop them; read from TOML."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any

from contracts.r2_bill import GIGABYTE

from storage_janitor.domain.objects import BUCKETS
from storage_janitor.domain.patterns import Pattern

OWNERS = ("enrollment", "media", "students")
_AGE = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_NO_TIME = timedelta(0)
_LEAST_AGE = timedelta(minutes=10)
_FIELDS = {
    "": {"version", "apply", "fuse", "rule"},
    "apply": {"objects_per_second", "sample"},
    "fuse": {"objects", "percent", "gigabytes", "floor"},
    "rule": {"name", "bucket", "pattern", "owner", "from", "age", "action", "grace", "fuse", "erase"},
}


class Since(StrEnum):
    """What an object's age counts from."""

    WRITTEN = "written"
    ENDED = "ended"
    EXPIRED = "expired"
    DELETED = "deleted"


class Action(StrEnum):
    DELETE = "delete"
    KEEP = "keep"


class PolicyError(ValueError):
    """`problems`: (stable code, where in the document), all that were found."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {code}" for code, where in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Fuse:
    """The most that goes unasked: objects, percent of the bucket (from `floor` objects on), bytes."""

    objects: int
    percent: int
    bytes: int
    floor: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`age` is the least time since `since`; a rule that keeps has neither.

    `erase`: whether these go when their academy or student is erased.
    """

    name: str
    bucket: str
    pattern: Pattern
    owner: str
    action: Action
    since: Since | None
    age: timedelta
    grace: timedelta
    fuse: Fuse
    erase: bool


@dataclass(frozen=True)
class Policy:
    """`digest` identifies the document, whatever its layout."""

    version: int
    digest: str
    rules: tuple[Rule, ...]
    objects_per_second: int
    sample: int
    fuse: Fuse
    _by_head: dict[tuple[str, str], list[Rule]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.rules:
            self._by_head.setdefault((rule.bucket, rule.pattern.head), []).append(rule)

    def match(self, bucket: str, key: str) -> tuple[Rule, dict[str, str]] | None:
        """The one rule of a key, with its placeholders' values; None for an unknown shape."""
        for rule in self._by_head.get((bucket, key.partition("/")[0]), ()):
            values = rule.pattern.match(key)
            if values is not None:
                return rule, values
        return None

    def rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)

    def of_bucket(self, bucket: str) -> Iterator[Rule]:
        return (rule for rule in self.rules if rule.bucket == bucket)


def parse(text: str) -> Policy:
    """The policy that a document (TOML) says. Raises PolicyError with every problem."""
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise PolicyError([("not_toml", "nested too deep")]) from None
    except ValueError as error:  # TOMLDecodeError is one, and so is what int() says of too many digits
        raise PolicyError([("not_toml", str(error))]) from None
    return _Reader().policy(document)


def duration(text: object) -> timedelta | None:
    """90m, 24h, 30d; None for anything else."""
    found = _AGE.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else None


class _Reader:
    """Collects what is wrong, so that an editor sees all of it at once."""

    def __init__(self) -> None:
        self._problems: list[tuple[str, str]] = []

    def policy(self, document: Mapping[str, Any]) -> Policy:
        self._known("", document, "policy")
        apply, fuse = self._table(document, "apply"), self._table(document, "fuse")
        pace = self._whole(apply, "objects_per_second", "apply", 1, 100_000)
        sample = self._whole(apply, "sample", "apply", 0, 1000)
        default = self._fuse(fuse, fuse, "fuse")
        rules = self._rules(document.get("rule"), fuse)
        version = self._whole(document, "version", "policy", 1, 1)
        self._overlaps(rules)
        if self._problems:
            raise PolicyError(self._problems)
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Policy(version, digest, tuple(rules), pace, sample, default)

    def _rules(self, given: object, fuse: Mapping[str, Any]) -> list[Rule]:
        if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
            self._say("no_rules", "rule")
            return []
        found = [self._rule(one, fuse, place) for place, one in enumerate(given)]
        names = [rule.name for rule in found if rule]
        for name in {name for name in names if names.count(name) > 1}:
            self._say("repeated_name", name)
        return [rule for rule in found if rule]

    def _rule(self, given: Mapping[str, Any], fuse: Mapping[str, Any], place: int) -> Rule | None:
        name = given.get("name")
        if not (isinstance(name, str) and re.fullmatch("[a-z][a-z0-9-]{1,40}", name)):
            self._say("missing_field", f"rule {place + 1}: name")
            return None
        before = len(self._problems)
        self._known("rule", given, name)
        bucket = self._one_of(given, "bucket", name, BUCKETS, "unknown_bucket")
        action = self._one_of(given, "action", name, tuple(Action), "unknown_action")
        pattern = self._pattern(given, name, action)
        owner = given.get("owner", "")
        if owner not in ("", *OWNERS):
            self._say("unknown_owner", name)
        since = self._since(given, name, action, owner)
        age = self._age(given, name, action)
        grace = self._grace(given, name)
        own_fuse = self._fuse({**fuse, **self._table(given, "fuse")}, self._table(given, "fuse"), name)
        erase = given.get("erase", True)
        if not isinstance(erase, bool):
            self._say("bad_word", f"{name}: erase")
        if len(self._problems) > before:
            return None
        return Rule(name, bucket, pattern, owner, Action(action), since, age, grace, own_fuse, erase)

    def _pattern(self, given: Mapping[str, Any], name: str, action: str) -> Pattern:
        text = given.get("pattern")
        pattern = Pattern(text if isinstance(text, str) else "")
        problem = pattern.problem()
        if problem is None and action == Action.DELETE and "tenant" not in pattern.names:
            problem = "no_tenant"
        if problem:
            self._say(problem, name)
        return pattern

    def _since(self, given: Mapping[str, Any], name: str, action: str, owner: str) -> Since | None:
        if action != Action.DELETE:
            if action and "from" in given:
                self._say("needless_field", f"{name}: from")
            return None
        since = self._one_of(given, "from", name, tuple(Since), "unknown_from")
        wanted = {Since.ENDED: "enrollment", Since.EXPIRED: "media", Since.DELETED: "media"}.get(
            Since(since) if since else Since.WRITTEN
        )
        if wanted and owner != wanted:
            self._say("unknown_owner", name)
        return Since(since) if since else None

    def _age(self, given: Mapping[str, Any], name: str, action: str) -> timedelta:
        if action != Action.DELETE:
            if action and "age" in given:
                self._say("needless_field", f"{name}: age")
            return _NO_TIME
        if "age" not in given:
            self._say("no_age", name)
            return _NO_TIME
        age = duration(given["age"])
        if age is None or age < _LEAST_AGE:
            self._say("bad_age", name)
        return age or _NO_TIME

    def _grace(self, given: Mapping[str, Any], name: str) -> timedelta:
        if "grace" not in given:
            return _NO_TIME
        grace = duration(given["grace"])
        if grace is None:
            self._say("bad_age", f"{name}: grace")
        return grace or _NO_TIME

    def _fuse(self, values: Mapping[str, Any], own: Mapping[str, Any], where: str) -> Fuse:
        self._known("fuse", own, where)
        objects = self._whole(values, "objects", where, 1, 10**9)
        percent = self._whole(values, "percent", where, 1, 100)
        gigabytes = self._whole(values, "gigabytes", where, 1, 10**6)
        floor = self._whole(values, "floor", where, 1, 10**6)
        return Fuse(objects, percent, gigabytes * GIGABYTE, floor)

    def _overlaps(self, rules: list[Rule]) -> None:
        for one, other in combinations(rules, 2):
            if one.bucket == other.bucket and one.pattern.meets(other.pattern):
                self._say("overlap", f"{one.name}, {other.name}")

    def _known(self, table: str, given: Mapping[str, Any], where: str) -> None:
        for name in sorted(given.keys() - _FIELDS[table]):
            self._say("unknown_field", f"{where}: {name}")

    def _table(self, given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        table = given.get(name, {})
        if not isinstance(table, dict):
            self._say("missing_field", name)
            return {}
        return table

    def _one_of(self, given: Mapping[str, Any], name: str, of: str, words: tuple[str, ...], code: str) -> str:
        value = given.get(name)
        if value not in words:
            self._say(code, of)
            return ""
        return str(value)

    def _whole(self, given: Mapping[str, Any], name: str, where: str, low: int, high: int) -> int:
        value = given.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self._say("bad_number" if name in given else "missing_field", f"{where}: {name}")
            return low
        return value

    def _say(self, code: str, where: str) -> None:
        self._problems.append((code, where))
