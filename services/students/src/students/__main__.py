"""`students api | worker | migrate | settings`, and the operator's commands."""

from servicekit.cli import service_main

from students.commands import COMMANDS
from students.settings import Settings


def main() -> int:
    return service_main("students", Settings, commands=COMMANDS)


if __name__ == "__main__":
    raise SystemExit(main())
