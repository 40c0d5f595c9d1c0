"""deploy/LICENCES.md: every locked package with its licence. `python -m testkit.licences` writes it.

The lock files say which packages there are, what is installed says their licences.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[4]
FILE = Path("deploy/LICENCES.md")
LEVELS = ("service", "local", "dev")

_NOTICE = "permissive: its notice stays with it"
WHY = {
    "Apache-2.0": _NOTICE,
    "BSD": _NOTICE,
    "BSD-2-Clause": _NOTICE,
    "BSD-3-Clause": _NOTICE,
    "CNRI-Python": _NOTICE,
    "MIT": _NOTICE,
    "MIT-0": "permissive, without conditions",
    "PSF-2.0": _NOTICE,
    "MPL-2.0": "copyleft of single files: who changes one shows it, and none is changed here",
    "LGPL-3.0-only": "copyleft of the library: installed unchanged as a wheel that anybody can exchange",
}
"""The licences that may come in, and why. GPL and AGPL are none of them: a service is ours as a whole."""

# only on other platforms; read in the projects' own repositories
_ELSEWHERE = {"colorama": "BSD-3-Clause", "pywin32": "PSF-2.0"}
_SPELT = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
_ROW = re.compile(r"^\| ([\w.-]+) \| (\S+) \| (service|local|dev) \| (.+) \|$", re.MULTILINE)

_HEAD = """# Licences

Written by `deploy/scripts/lock` (`python -m testkit.licences`); a test compares it with the lock files.
Levels: `service` goes into the images, `local` is the laptop stack besides, `dev` checks and tests. What
wheels of the laptop stack carry inside (PostgreSQL, nginx, ffmpeg: GPL) is in [EMBEDDED.md](EMBEDDED.md).

A licence comes in through the table of `testkit.licences`, with the reason. GPL and AGPL are not in it.

"""


class Package(NamedTuple):
    """One locked package; `level` is the first that installs it."""

    name: str
    version: str
    level: str


class Listed(NamedTuple):
    """One row of the file."""

    package: Package
    licence: str


class UnknownLicenceError(Exception):
    """The package has a licence that is not in WHY; the message says which."""


def locked(root: Path = ROOT) -> list[Package]:
    """What the lock files pin, by name."""
    found: dict[str, Package] = {}
    for level in LEVELS:
        for name, version in _PINNED.findall((root / "requirements" / f"{level}.txt").read_text("utf-8")):
            found.setdefault(name, Package(name, version, level))
    return [found[name] for name in sorted(found)]


def listed(root: Path = ROOT) -> list[Listed]:
    """What the file says."""
    rows = _ROW.findall((root / FILE).read_text("utf-8"))
    return [Listed(Package(name, version, level), licence) for name, version, level, licence in rows]


def licence_of(name: str) -> str:
    """An SPDX expression, from the package's own metadata.

    Raises UnknownLicenceError, importlib.metadata.PackageNotFoundError.
    """
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    said = metadata.metadata(name)
    [expression] = said.get_all("License-Expression") or [""]
    classified = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or []]
    spelt = sorted({_SPELT[one] for one in classified if one in _SPELT})
    [field] = said.get_all("License") or [""]
    licence = expression or " OR ".join(spelt) or _SPELT.get(field, field)
    if not allowed(licence):
        raise UnknownLicenceError(f"{name}: {licence or 'no licence'}")
    return licence


def allowed(licence: str) -> bool:
    """Whether every licence that the SPDX expression names may come in."""
    return set(re.findall(r"[\w.-]+", licence)) - {"AND", "OR"} <= WHY.keys() and bool(licence)


def page() -> str:
    """The file. Raises as licence_of."""
    rows = [Listed(package, licence_of(package.name)) for package in locked()]
    named = {one for row in rows for one in re.findall(r"[\w.-]+", row.licence)}
    reasons = [f"| {licence} | {why} |" for licence, why in WHY.items() if licence in named]
    table = [f"| {' | '.join(row.package)} | {row.licence} |" for row in rows]
    return _HEAD + "\n".join(
        [
            *("| licence | why it may be here |", "|---|---|", *reasons, ""),
            *("| package | version | level | licence |", "|---|---|---|---|", *table, ""),
        ]
    )


if __name__ == "__main__":
    (ROOT / FILE).write_text(page(), "utf-8")
