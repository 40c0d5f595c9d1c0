"""`students api | worker | migrate | settings`."""

from servicekit.cli import service_main

from students.settings import Settings


def main() -> int:
    return service_main("students", Settings)


if __name__ == "__main__":
    raise SystemExit(main())
