"""The origin of playlists and segments: no sign-in (players send no header), a signature instead."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Response, request
from servicekit.auth import PUBLIC
from servicekit.problem import Problem
from servicekit.storage import ObjectMissingError, ObjectStore, ObjectStream, RangeNotSatisfiableError
from servicekit.web import Blueprint, deps, tx

from media.domain.links import CONTENT_TYPES, is_rewritten
from media.ports import Ports
from media.usecases.playback import Opened, check_signature, open_address, rewritten

hls = Blueprint("hls", __name__, url_prefix="/api/v1/media/hls", description="영상 전송")


@hls.route("/<tenant>/<uuid:video_id>/<path:rest>", roles=PUBLIC)
@hls.response(200)
@hls.doc(parameters=[{"in": "query", "name": name, "schema": {"type": "string"}} for name in ("exp", "sig")])
def serve(tenant: str, video_id: UUID, rest: str) -> Response:
    """An object of a video by its signed address, ranges too (403 unsigned_url, bad_signature, unknown_key,
    url_expired, policy_changed, session_inactive, not_enrolled, blocked; 404; 416); in playlists and the
    storyboard every address is signed for the same viewer.
    """
    ports = deps(Ports)
    query = request.args.to_dict()
    grant = check_signature(ports.links, f"{tenant}/{video_id}/{rest}", query)
    with tx(tenant) as uow:
        opened = open_address(uow, video_id, rest, grant, query)
    kind = CONTENT_TYPES.get(rest.rpartition(".")[2])
    if kind is None:
        raise Problem("not_found")
    try:
        return _text(ports, opened, kind) if is_rewritten(rest) else _bytes(ports.objects, opened, kind)
    except ObjectMissingError:
        raise Problem("not_found") from None


def _text(ports: Ports, opened: Opened, kind: str) -> Response:
    return Response(
        rewritten(ports, opened), content_type=kind, headers={"Cache-Control": "private, no-store"}
    )


def _bytes(objects: ObjectStore, opened: Opened, kind: str) -> Response:
    # what lies under an attempt's prefix never changes
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={opened.seconds_left}, immutable",
    }
    if request.method == "HEAD":
        size = objects.head(opened.key).size
        return Response(content_type=kind, headers={**headers, "Content-Length": str(size)})
    stream = _opened(objects, opened.key)
    part = stream.end - stream.start + 1
    headers["Content-Length"] = str(part)
    if part == stream.info.size:
        return _streamed(stream, 200, kind, headers)
    headers["Content-Range"] = f"bytes {stream.start}-{stream.end}/{stream.info.size}"
    return _streamed(stream, 206, kind, headers)


def _opened(objects: ObjectStore, key: str) -> ObjectStream:
    """The whole, or the one range that was asked for; several at once are answered with the whole."""
    wanted = request.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or "If-Range" in request.headers:
        return objects.open(key)
    first, after = wanted.ranges[0]
    try:
        if first < 0:
            size = objects.head(key).size
            return objects.open(key, (max(size + first, 0), None))
        return objects.open(key, (first, None if after is None else after - 1))
    except RangeNotSatisfiableError:
        size = objects.head(key).size
        detail = "요청한 구간이 파일의 크기를 벗어났습니다."
        headers = {"Content-Range": f"bytes */{size}"}
        raise Problem("range_not_satisfiable", detail, status=416, headers=headers) from None


def _streamed(stream: ObjectStream, status: int, kind: str, headers: Mapping[str, str]) -> Response:
    answer = Response(stream.chunks, status, dict(headers), content_type=kind)
    # also when the player goes away before the first byte
    answer.call_on_close(stream.chunks.close)
    return answer
