"""`<service> settings`: the effective settings, secrets masked, and what is wrong with them."""

from __future__ import annotations

import os
import sys

from servicekit.cli import BAD_SETTINGS, Call
from servicekit.settings import Secret, SettingsError, describe


def run(call: Call) -> int:
    """BAD_SETTINGS when the service would not start with them."""
    problems: list[str] = []
    try:
        call.load()
    except SettingsError as error:
        problems = error.problems
    for row in describe(call.settings):
        value = os.environ.get(row.name, "")
        instead = "" if value else " ".join(name for name in row.aliases if os.environ.get(name))
        shown = repr(Secret(value)) if row.secret and value else value or instead
        note = "required" if row.required else f"default {row.default!r}"
        sys.stdout.write(f"{row.name:24} {shown or '-':32} {note:28} {row.doc}\n")
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return BAD_SETTINGS if problems else 0
