"""`enrollment api | worker | migrate | settings`."""

from servicekit.cli import service_main

from enrollment.settings import Settings


def main() -> int:
    return service_main("enrollment", Settings)


if __name__ == "__main__":
    raise SystemExit(main())
