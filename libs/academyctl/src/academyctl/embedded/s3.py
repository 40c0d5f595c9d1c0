"""The local R2: SeaweedFS, which refuses bad signatures and checksums (limits-runtime, section 3)."""

from __future__ import annotations

import sys
from pathlib import Path

from academyctl.embedded.program import Program, answers_ok, plain_environment

# consecutive ports it needs besides the S3 one itself, in this order
INTERNAL = (
    "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
    "filer.port", "filer.port.grpc", "admin.port",
)  # fmt: skip
PORTS = 1 + len(INTERNAL)
GRPC_OFFSET = 10_000  # its own maintenance worker looks for the admin server there and nowhere else


def program(data: Path, port: int, access_key: str, secret_key: str) -> Program:
    """The server on `port` and the `PORTS - 1` after it, and one 10,000 above."""
    ports = {"s3.port": port} | {name: port + 1 + offset for offset, name in enumerate(INTERNAL)}
    ports["admin.port.grpc"] = ports["admin.port"] + GRPC_OFFSET
    options = {
        "dir": str(data), "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "admin.ui": "false", "webdav": "false",
        "s3.port.iceberg": "0", "s3.port.lance": "0", "volume.preStopSeconds": "0",
        "master.volumeSizeLimitMB": "256", **{name: str(number) for name, number in ports.items()},
    }  # fmt: skip
    credentials = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
    weed = Path(sys.executable).with_name("weed")
    return Program(
        "s3",
        (str(weed), "-logtostderr=true", "mini", *(f"-{name}={value}" for name, value in options.items())),
        lambda: answers_ok(port, "/healthz"),
        env={**plain_environment(), **credentials, "GOMEMLIMIT": "320MiB", "GOGC": "50"},
        ports=tuple(ports.values()),
        stop_seconds=15,
    )


def endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def remove_sockets(port: int) -> None:
    """It leaves unix sockets in /tmp, named after its ports, when it is killed."""
    used = {str(number) for number in range(port, port + PORTS)} | {str(port + PORTS - 1 + GRPC_OFFSET)}
    for path in Path("/tmp").glob("seaweedfs-*.sock"):  # noqa: S108 - the place is its own choice
        if path.stem.rsplit("-", 1)[-1] in used:
            path.unlink(missing_ok=True)
