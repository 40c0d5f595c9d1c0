"""`storage-janitor api | worker | migrate | settings`, and the operator's commands."""

from servicekit.cli import service_main

from storage_janitor.commands import COMMANDS
from storage_janitor.settings import Settings


def main() -> int:
    return service_main("storage-janitor", Settings, commands=COMMANDS)


if __name__ == "__main__":
    raise SystemExit(main())
