"""`academyctl dlq`: dead letters by cause, one of them, and what to do about them."""

from __future__ import annotations

import argparse
import json
from datetime import datetime

from contracts import REGISTRY, SERVICES

from academyctl.call import Call
from academyctl.client import Json
from academyctl.operators import Operators, seoul
from academyctl.table import align, show

_FILTERS = ("type", "tenant_id", "fingerprint", "correlation_id", "since", "until", "ids")
_FORECAST = {
    "would_change": "해결됨",
    "already_applied": "이미 처리됨",
    "still_fails": "여전히 실패",
    "unreadable": "읽을 수 없음",
    "untried": "확인 중",
    None: "확인 전",
}
_OUTCOME = {
    "waiting": "대기",
    "done": "처리",
    "duplicate": "이미 처리됨",
    "failed": "다시 실패",
    "settled": "다른 곳에서 처리",
}
_TRIED = frozenset({"rehearsed", "done", "cancelled", "stopped", "paused", "applying"})
_NEXT = {"rehearsed": "apply", "stopped": "apply", "paused": "resume"}
_ENDED = frozenset({"done", "stopped", "paused", "cancelled"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="open dead letters of all services by cause")
    _filters(listed)
    shown = actions.add_parser("show", help="one dead letter, masked; or the letters of a cause")
    shown.add_argument("service", choices=SERVICES)
    shown.add_argument("letter", help="a letter's id, or a fingerprint")
    edited = actions.add_parser("edit", help="other values in the event's data")
    edited.add_argument("service", choices=SERVICES)
    edited.add_argument("letter")
    edited.add_argument(
        "--set", action="append", required=True, type=_pair, metavar="FIELD=JSON", dest="changes"
    )
    replayed = actions.add_parser("replay", help="try without effect; with --apply handle what can be")
    replayed.add_argument("service", choices=SERVICES)
    _filters(replayed)
    replayed.add_argument("--id", action="append", dest="ids", help="single letters")
    replayed.add_argument("--replay", help="go on with this one instead of making another")
    replayed.add_argument("--apply", action="store_true")
    approved = actions.add_parser("approve", help="let somebody's replay of more than 1,000 be applied")
    approved.add_argument("service", choices=SERVICES)
    approved.add_argument("replay")
    discarded = actions.add_parser("discard", help="give up on letters, saying why")
    discarded.add_argument("service", choices=SERVICES)
    _filters(discarded)
    discarded.add_argument("--id", action="append", dest="ids")
    discarded.add_argument("--note", required=True)
    rebuilt = actions.add_parser("rebuild", help="handle events of the past again, to rebuild a read model")
    rebuilt.add_argument("service", choices=SERVICES)
    rebuilt.add_argument("--type", action="append", required=True, dest="types")
    rebuilt.add_argument("--since", required=True, type=_moment)
    rebuilt.add_argument("--until", required=True, type=_moment)


def run(call: Call) -> int:
    """0, or 1 when a replay did not end as it should."""
    return int(_ACTIONS[call.arguments.action](call, Operators.of(call)))


def _list(call: Call, operators: Operators) -> int:
    rows = [
        (
            service, str(group["count"]), group["type"], group["reason"], group["place"] or "-",
            seoul(group["last_seen"]), group["fingerprint"], _FORECAST[group["forecast"]],
        )
        for service, answer in operators.everywhere("dead_letters/groups/", **_given(call))
        for group in answer["results"]
    ]  # fmt: skip
    titles = ("서비스", "건수", "이벤트", "이유", "위치", "마지막", "지문", "이 빌드에서")
    show(align([titles, *rows]) if rows else ["실패한 메시지가 없습니다."])
    return 0


def _show(call: Call, operators: Operators) -> int:
    service, letter = call.arguments.service, call.arguments.letter
    if len(letter) == 36:
        show([json.dumps(operators.get(service, f"dead_letters/{letter}/"), ensure_ascii=False, indent=2)])
        return 0
    found = operators.get(service, "dead_letters/", fingerprint=letter)["results"]
    rows = [
        (each["id"], each["tenant_id"] or "-", seoul(each["last_seen"]), each["reason"]) for each in found
    ]
    show(align([("번호", "학원", "마지막", "이유"), *rows]))
    return 0


def _edit(call: Call, operators: Operators) -> int:
    wanted = call.arguments
    operators.patch(wanted.service, f"dead_letters/{wanted.letter}/", {"data": dict(wanted.changes)})
    show(["고쳤습니다. 원본은 함께 보관됩니다."])
    return 0


def _replay(call: Call, operators: Operators) -> int:
    wanted = call.arguments
    replay_id = wanted.replay
    if replay_id is None:
        replay_id = operators.post(wanted.service, "replays/", _given(call))["id"]
    replay = operators.wait(wanted.service, replay_id, _TRIED)
    step = _NEXT.get(replay["state"])
    if wanted.apply and step:
        operators.post(wanted.service, f"replays/{replay_id}/{step}/")
        replay = operators.wait(wanted.service, replay_id, _ENDED)
    show(_summary(replay))
    return 0 if replay["state"] in ("rehearsed", "done") else 1


def _approve(call: Call, operators: Operators) -> int:
    wanted = call.arguments
    replay = operators.post(wanted.service, f"replays/{wanted.replay}/approve/")
    show([f"승인했습니다: {replay['total']}건"])
    return 0


def _discard(call: Call, operators: Operators) -> int:
    wanted = call.arguments
    answer = operators.post(wanted.service, "dead_letters/discard/", {**_given(call), "note": wanted.note})
    show([f"폐기했습니다: {answer['discarded']}건"])
    return 0


def _rebuild(call: Call, operators: Operators) -> int:
    """First the receiver forgets, then whoever publishes each type sends again."""
    wanted = call.arguments
    span = {"since": wanted.since, "until": wanted.until}
    forgotten = operators.post(wanted.service, "rebuilds/", {"types": wanted.types, **span})["forgotten"]
    sent = 0
    for source in sorted({REGISTRY.get(name).source for name in wanted.types}):
        types = [name for name in wanted.types if REGISTRY.get(name).source == source]
        body = {"types": types, "destination": wanted.service, **span}
        sent += operators.post(source, "resends/", body)["sent"]
    show([f"다시 처리할 이벤트: {forgotten}건을 잊고 {sent}건을 다시 보냈습니다."])
    return 0


_ACTIONS = {
    "list": _list, "show": _show, "edit": _edit, "replay": _replay, "approve": _approve, "discard": _discard,
    "rebuild": _rebuild,
}  # fmt: skip


def _summary(replay: Json) -> list[str]:
    rows = [
        (
            str(group["count"]), group["type"], group["fingerprint"], _FORECAST[group["forecast"]],
            _OUTCOME[group["outcome"]], group["reason"] or "-",
        )
        for group in replay["groups"]
    ]  # fmt: skip
    lines = [f"재처리 {replay['id']}: {replay['state']}, 전체 {replay['total']}건"]
    if replay["stop_reason"]:
        lines.append(f"멈춘 이유: {replay['stop_reason']}")
    return [*lines, *align([("건수", "이벤트", "지문", "시험 결과", "처리 결과", "이유"), *rows])]


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--type")
    parser.add_argument("--tenant", dest="tenant_id")
    parser.add_argument("--fingerprint")
    parser.add_argument("--job", dest="correlation_id", metavar="CORRELATION_ID")
    parser.add_argument("--since", type=_moment)
    parser.add_argument("--until", type=_moment)


def _given(call: Call) -> Json:
    return {name: value for name in _FILTERS if (value := getattr(call.arguments, name, None))}


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a moment like 2026-11-28T09:00+09:00") from None
    return moment.astimezone().isoformat()


def _pair(text: str) -> tuple[str, object]:
    name, separator, value = text.partition("=")
    try:
        return name, json.loads(value if separator else "")
    except ValueError:
        raise argparse.ArgumentTypeError('FIELD=JSON, as in dry_run=true or code="x"') from None
