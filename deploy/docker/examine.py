"""Run inside an image by build.sh: its bill of materials (CycloneDX 1.6) on stdout; 1 if it holds too much.

`python -I - <service> <tag> < examine.py`. Packages are those that the image itself says are installed, in
Python's metadata and Debian's status file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

APP = Path("/app")
KIT = {"contracts", "eventkit", "servicekit", "healthcheck.py", "__pycache__"}
_SECRET = re.compile(r"(^|/)(\.env.*|.*\.env|.*\.pem|\.git|\.aws|id_rsa|secrets\.json)$")
_OURS = ("/app", "/opt/academy", "/scratch", "/home", "/root", "/srv")
_TOOLS = ("gcc", "cc", "make", "g++", "git")
# certificates that everybody may read
_PUBLIC = re.compile(r"/(certifi|botocore)/cacert\.pem$")


def problems(service: str) -> Iterator[str]:
    """What a person has to put right, in Korean."""
    if os.getuid() == 0:
        yield "root로 실행됩니다"
    strangers = {path.name for path in APP.iterdir()} - KIT - {service.replace("-", "_")}
    if service == "tools":  # it judges the others
        strangers = set()
    yield from (f"/app/{name}: 다른 것의 코드입니다" for name in sorted(strangers))
    for top in _OURS:
        for folder, _, files in os.walk(top):
            secret = [path for path in (f"{folder}/{name}" for name in files) if _SECRET.search(path)]
            yield from (f"{path}: 비밀일 수 있습니다" for path in secret if not _PUBLIC.search(path))
    yield from (f"{tool}: 빌드 도구입니다" for tool in _TOOLS if shutil.which(tool))


def components() -> Iterator[dict[str, object]]:
    """What is installed, by package URL."""
    for found in metadata.distributions():
        name, version = found.metadata["Name"], found.version
        licence = found.metadata["License-Expression"]
        said = {"licenses": [{"expression": licence}]} if licence else {}
        canonical = re.sub(r"[-_.]+", "-", name).lower()
        yield _component(name, version, f"pkg:pypi/{quote(canonical)}@{quote(version)}") | said
    release = dict(
        re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)', Path("/etc/os-release").read_text(), re.MULTILINE)
    )
    yield {"type": "operating-system", "name": release["ID"], "version": release["VERSION_ID"]}
    for entry in Path("/var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n"):
        package = dict(re.findall(r"^(Package|Version|Architecture|Status): (.*)$", entry, re.MULTILINE))
        if package.get("Status", "").endswith(" installed"):
            name, version = package["Package"], package["Version"]
            where = f"?arch={package['Architecture']}&distro={release['ID']}-{release['VERSION_ID']}"
            yield _component(name, version, f"pkg:deb/debian/{quote(name)}@{quote(version)}{where}")
    if ffmpeg := shutil.which("ffmpeg"):
        said = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True).stdout
        version = said.split()[2]
        licences = {"licenses": [{"expression": "GPL-3.0-or-later"}]}
        yield _component("ffmpeg", version, f"pkg:generic/ffmpeg@{quote(version)}") | licences


def _component(name: str, version: str, purl: str) -> dict[str, object]:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def main() -> int:
    service, tag = sys.argv[1:]
    name = f"academy-{service}"
    image = {"type": "container", "bom-ref": f"{name}:{tag}", "name": name, "version": tag}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": image},
        "components": list(components()),
    }
    json.dump(bill, sys.stdout, indent=1)
    found = list(problems(service))
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
