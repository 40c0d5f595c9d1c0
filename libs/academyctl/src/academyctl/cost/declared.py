"""deploy/cost: what is rented, what a user does, what things cost, what the guide says. Checked when read."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class DeclarationError(ValueError):
    """A file of deploy/cost says something that the command does not know; the text names the place."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Container instances that always run, with a gp3 disk each."""

    kind: str
    count: int
    disk_gb: int


@dataclass(frozen=True, slots=True)
class Encoder:
    """On Spot, while there are jobs."""

    kind: str
    disk_gb: int


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """One, with a public address in each of its zones."""

    addresses: int


@dataclass(frozen=True, slots=True)
class Database:
    """RDS for PostgreSQL on gp3."""

    kind: str
    multi_az: bool
    storage_gb: int


@dataclass(frozen=True, slots=True)
class Network:
    """What the VPC has beside what is free."""

    nat_gateways: int


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes that poll SQS."""

    count: int


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Of CloudWatch."""

    alarms: int
    dashboards: int


@dataclass(frozen=True, slots=True)
class Storage:
    """Secrets Manager's documents, ECR's gigabytes."""

    secrets: int
    registry_gb: int


@dataclass(frozen=True, slots=True)
class Size:
    """All that is rented at `dau` daily users."""

    name: str
    dau: int
    hosts: Hosts
    encoder: Encoder
    load_balancer: LoadBalancer
    database: Database
    network: Network
    workers: Workers
    monitoring: Monitoring
    storage: Storage


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one; `free` of them cost nothing; `assumed`: not read in a price list."""

    usd: Decimal
    as_of: date
    source: str
    free: int = 0
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class PriceList:
    """Of one region; `hours`: in a month."""

    region: str
    currency: str
    hours: int
    prices: dict[str, Price]


@dataclass(frozen=True, slots=True)
class Amount:
    """Of one daily user in a month."""

    value: Decimal
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class GuideSize:
    """US dollars a month: the guide's range, and its lines, which sum to the lower end."""

    low: int
    high: int
    lines: dict[str, int]


@dataclass(frozen=True, slots=True)
class Declared:
    """The four files; sizes and guide by the size's name, amounts by size and name."""

    sizes: Mapping[str, Size]
    prices: PriceList
    amounts: Mapping[str, Mapping[str, Amount]]
    guide: Mapping[str, GuideSize]
    guide_as_of: date

    def size_for(self, dau: int) -> Size | None:
        """None: nothing is declared for so many."""
        return next((size for size in self.sizes.values() if size.dau == dau), None)


def load(folder: Path) -> Declared:
    """Raises DeclarationError, OSError."""
    resources, prices, usage, guide = (
        read(folder / f"{name}.toml") for name in ("resources", "prices", "usage", "guide")
    )
    return Declared(
        {name: built(Size, _named(name, table), f"resources: {name}") for name, table in resources.items()},
        _price_list(prices),
        {name: _amounts(usage, resources.keys(), name) for name in resources},
        {name: _guide_size(guide.get(name), f"guide: {name}") for name in resources},
        _value(date, guide.get("as_of"), "guide: as_of"),
    )


def read(path: Path) -> dict[str, Any]:
    """A TOML file. Raises DeclarationError, OSError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(f"{path.name}: {error}") from None


def _named(name: str, table: Any) -> Any:
    return {"name": name} | table if isinstance(table, dict) else table


def _price_list(table: dict[str, Any]) -> PriceList:
    found = built(PriceList, table, "prices")
    if not found.hours:
        raise DeclarationError("prices: hours is zero")
    return found


def _amounts(usage: dict[str, Any], sizes: Collection[str], size: str) -> dict[str, Amount]:
    """What holds for every size, and what differs for this one."""
    common = {name: table for name, table in usage.items() if name not in sizes}
    own = usage.get(size, {})
    if not isinstance(own, dict):
        raise DeclarationError(f"usage: {size}: a table was expected")
    if unknown := sorted(own.keys() - common.keys()):
        raise DeclarationError(f"usage: {size}: unknown: {', '.join(unknown)}")
    return {name: built(Amount, table, f"usage: {name}") for name, table in (common | own).items()}


def _guide_size(table: Any, where: str) -> GuideSize:
    size = built(GuideSize, table, where)
    if sum(size.lines.values()) != size.low:
        raise DeclarationError(f"{where}: its lines do not sum to {size.low}")
    return size


def built(made: type[T], table: Any, where: str) -> T:
    """A dataclass from a table with its fields and no others, each of its type, no number below zero.

    Raises DeclarationError that names `where`.
    """
    if not isinstance(table, dict):
        raise DeclarationError(f"{where}: a table was expected")
    kinds = get_type_hints(made)
    needed = {field.name for field in fields(made) if field.default is MISSING}  # type: ignore[arg-type]  # T is one
    if unknown := sorted(table.keys() - kinds.keys()):
        raise DeclarationError(f"{where}: unknown: {', '.join(unknown)}")
    if missing := sorted(needed - table.keys()):
        raise DeclarationError(f"{where}: missing: {', '.join(missing)}")
    return made(**{name: _value(kinds[name], value, f"{where}: {name}") for name, value in table.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return built(kind, value, where)
    if get_origin(kind) is dict and isinstance(value, dict):
        return {name: _value(get_args(kind)[1], one, f"{where}: {name}") for name, one in value.items()}
    if kind is Decimal and type(value) is int:
        value = Decimal(value)
    if type(value) is not kind:
        raise DeclarationError(f"{where}: not a {getattr(kind, '__name__', 'table')}: {value!r}")
    if kind in (int, Decimal) and not (Decimal(value).is_finite() and value >= 0):
        raise DeclarationError(f"{where}: below zero or no number: {value}")
    return value
