"""The bill of a month: pure functions from what is declared to lines of money, rounded as the bill is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from contracts import r2_bill

from academyctl.cost.declared import Amount, DeclarationError, Declared, Price, Size

_CENT = Decimal("0.01")
_MILLION = 1_000_000
NOT_IN_GUIDE = "가이드에 없는 줄"
"""The part of what the guide's table has no line for."""


@dataclass(frozen=True, slots=True)
class Line:
    """US dollars a month in whole cents; `part` is the guide's name of the line that it belongs to."""

    part: str
    name: str
    formula: str
    usd: Decimal
    as_of: date
    source: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Month:
    """What `dau` users on a size amount to; every figure of a bill is asked from here."""

    size: Size
    dau: int
    hours: int
    prices: Mapping[str, Price]
    amounts: Mapping[str, Amount]

    def of(self, *names: str) -> Decimal:
        """All users' amounts, multiplied. Raises DeclarationError for one that usage.toml lacks."""
        product = Decimal(self.dau)
        for name in names:
            product *= self.each(name)
        return product

    def each(self, name: str) -> Decimal:
        """Raises DeclarationError for an amount that usage.toml lacks."""
        if name not in self.amounts:
            raise DeclarationError(f"usage: no {name}")
        return self.amounts[name].value

    def divisor(self, name: str) -> Decimal:
        """Likewise, and for one that is zero."""
        if not (value := self.each(name)):
            raise DeclarationError(f"usage: {name} is zero")
        return value

    def price(self, name: str) -> Price:
        """Raises DeclarationError for one that prices.toml lacks: a kind that nobody knows."""
        if name not in self.prices:
            raise DeclarationError(f"prices: no {name}")
        return self.prices[name]

    def line(self, part: str, name: str, price: str, quantity: Decimal | int, formula: str) -> Line:
        """Quantity times price beyond what is free."""
        one = self.price(price)
        counted = f"{formula} − 무료 {number(one.free)}" if one.free else formula
        if one.free or " + " in formula:
            counted = f"({counted})"
        return Line(
            part,
            name,
            f"{counted} × ${number(one.usd)}",
            _cents(max(quantity - one.free, Decimal(0)) * one.usd),
            one.as_of,
            one.source,
            one.assumed,
        )


def month(declared: Declared, size: Size) -> Month:
    """The size with the users that it is declared for."""
    prices = declared.prices
    return Month(size, size.dau, prices.hours, prices.prices, declared.amounts[size.name])


def with_amounts(given: Month, amounts: Mapping[str, Amount]) -> Month:
    """The same size, used otherwise."""
    return replace(given, amounts=amounts)


def lines(given: Month) -> list[Line]:
    """Raises DeclarationError for a kind or an amount that the files lack."""
    return [
        *_compute(given),
        *_load_balancer(given),
        *_database(given),
        *_r2(given),
        *_edge(given),
        *_queues(given),
        *_cloudwatch(given),
        *_others(given),
    ]


def total(found: Iterable[Line]) -> Decimal:
    """US dollars."""
    return sum((line.usd for line in found), Decimal(0))


def number(value: Decimal | int) -> str:
    """With thousands apart and no zeros at the end: 12,345.6."""
    text = f"{Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cents(usd: Decimal) -> Decimal:
    return usd.quantize(_CENT, ROUND_HALF_UP)


def _short(value: Decimal) -> str:
    return number(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _compute(of: Month) -> list[Line]:
    hosts, encoder, hours = of.size.hosts, of.size.encoder, of.of("video_hours", "encode_hours")
    spot = f"강의 {_short(of.of('video_hours'))}시간 × 인코딩 {number(of.each('encode_hours'))}"
    return [
        of.line(
            "Compute", f"서버 {hosts.kind}", f"ec2.{hosts.kind}", hosts.count * of.hours,
            f"{hosts.count}대 × {of.hours}시간",
        ),
        of.line(
            "Compute", "서버 디스크", "ebs.gp3", hosts.count * hosts.disk_gb,
            f"{hosts.count}대 × {hosts.disk_gb}GB",
        ),
        of.line("Compute", f"인코더 {encoder.kind} Spot", f"spot.{encoder.kind}", hours, spot),
        of.line(
            "Compute", "인코더 디스크", "ebs.gp3", encoder.disk_gb * hours / of.hours,
            f"{encoder.disk_gb}GB × {_short(hours)}/{of.hours}시간",
        ),
    ]  # fmt: skip


def _requests(of: Month) -> Decimal:
    return of.of("requests") + of.of("watch_hours", "beats_per_hour")


def _served_gb(of: Month) -> Decimal:
    return _requests(of) * of.each("request_kb") / _MILLION


def _load_balancer(of: Month) -> list[Line]:
    connections = _requests(of) / of.divisor("requests_per_connection")
    # an LCU hour is 1 GB or 25 new connections a second, whichever is more
    by_gb, by_connections = _served_gb(of), connections / (25 * 3600)
    units = f"LCU 시간: 처리 {_short(by_gb)}GB와 새 연결 {_short(by_connections)} 가운데 큰 것"
    return [
        of.line("ALB", "ALB", "alb.hour", of.hours, f"1개 × {of.hours}시간"),
        of.line("ALB", "ALB 처리량", "alb.lcu", max(by_gb, by_connections), units),
    ]


def _database(of: Month) -> list[Line]:
    database, zones = of.size.database, ".multi_az" if of.size.database.multi_az else ""
    name = f"{database.kind} Multi-AZ" if database.multi_az else database.kind
    return [
        of.line("RDS", name, f"rds.{database.kind}{zones}", of.hours, f"{of.hours}시간"),
        of.line("RDS", "저장 공간 gp3", f"rds.gp3{zones}", database.storage_gb, f"{database.storage_gb}GB"),
    ]


def _r2(of: Month) -> list[Line]:
    raw, hls = of.of("video_hours", "raw_gb"), of.of("video_hours", "hls_gb", "hls_months")
    stored = int((raw + hls) * r2_bill.GIGABYTE)
    written = of.of("video_hours", "hls_objects")
    # the janitor lists everything once a day, a thousand keys a request
    listed = written * of.each("hls_months") / 1000 * 30
    class_a, class_b = int(written + listed), int(of.of("watch_hours", "segments_per_hour"))
    gigabytes = f"원본 {_short(raw)}GB + HLS {number(of.each('hls_months'))}개월 {_short(hls)}GB"
    return [
        _r2_line(
            "저장", r2_bill.storage_bill(stored), r2_bill.STORAGE,
            f"(⌈{gigabytes}⌉ − 무료 {r2_bill.FREE_GIGABYTES})",
        ),
        _r2_line(
            "쓰기·목록 (Class A)", r2_bill.class_a_bill(class_a), r2_bill.CLASS_A,
            f"⌈({class_a:,}건 − 무료 {r2_bill.FREE_A:,}) / 100만⌉",
        ),
        _r2_line(
            "읽기 (Class B)", r2_bill.class_b_bill(class_b), r2_bill.CLASS_B,
            f"⌈({class_b:,}건 − 무료 {r2_bill.FREE_B:,}) / 100만⌉",
        ),
    ]  # fmt: skip


def _r2_line(name: str, usd: Decimal, price: Decimal, formula: str) -> Line:
    source = "contracts.r2_bill: developers.cloudflare.com/r2/pricing"
    return Line(
        "R2", f"R2 {name}", f"{formula} × ${number(price)}", _cents(usd), r2_bill.AS_OF, source, assumed=False
    )


def _edge(of: Month) -> list[Line]:
    millions = r2_bill.whole(int(of.of("watch_hours", "segments_per_hour")), _MILLION)
    return [
        of.line("Cloudflare CDN", "Workers 요금제", "workers.plan", 1, "1개월"),
        of.line("Cloudflare CDN", "Workers 요청", "workers.million", millions, f"{millions}백만 건(올림)"),
    ]


def _queues(of: Month) -> list[Line]:
    workers, per_hour = of.size.workers.count, of.each("polls_per_worker_hour")
    events = of.of("events") * 3  # sent, received, deleted
    requests = workers * of.hours * per_hour + events
    formula = f"(워커 {workers}개 × {of.hours}시간 × {number(per_hour)} + 이벤트 {number(events)}) / 100만"
    return [of.line("SQS", "SQS 요청", "sqs.million", requests / _MILLION, formula)]


def _cloudwatch(of: Month) -> list[Line]:
    watched, logs = of.size.monitoring, _requests(of) * of.each("log_kb") / _MILLION
    return [
        of.line("CloudWatch", "로그 수집", "logs.gb", logs, f"{_short(logs)}GB"),
        of.line("CloudWatch", "알람", "cloudwatch.alarm", watched.alarms, f"{watched.alarms}개"),
        of.line(
            "CloudWatch", "대시보드", "cloudwatch.dashboard", watched.dashboards, f"{watched.dashboards}개"
        ),
    ]


def _others(of: Month) -> list[Line]:
    size, kept, encoded = of.size, of.size.storage, of.of("video_hours", "encode_hours")
    always = size.load_balancer.addresses + size.hosts.count
    # what the encoder writes to R2 leaves AWS
    hls, served = of.of("video_hours", "hls_gb"), _served_gb(of)
    return [
        of.line(
            NOT_IN_GUIDE, "공인 IPv4", "ipv4.hour", always * of.hours + encoded,
            f"(ALB {size.load_balancer.addresses} + 서버 {size.hosts.count}) × {of.hours}시간"
            f" + 인코더 {_short(encoded)}시간",
        ),
        of.line(
            NOT_IN_GUIDE, "NAT 게이트웨이", "nat.hour", size.network.nat_gateways * of.hours,
            f"{size.network.nat_gateways}개 × {of.hours}시간",
        ),
        of.line(
            NOT_IN_GUIDE, "인터넷 전송", "transfer.gb", hls + served,
            f"AWS → R2 HLS {_short(hls)}GB + API {_short(served)}GB",
        ),
        of.line(NOT_IN_GUIDE, "비밀", "secret.month", kept.secrets, f"{kept.secrets}개"),
        of.line(NOT_IN_GUIDE, "이미지 저장소", "ecr.gb", kept.registry_gb, f"{kept.registry_gb}GB"),
    ]  # fmt: skip
