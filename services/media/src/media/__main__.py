"""`media api | worker | encoder | migrate | settings`."""

from servicekit.cli import service_main

from media.settings import Settings


def main() -> int:
    return service_main("media", Settings, commands={"encoder": "media.encoder:run"})


if __name__ == "__main__":
    raise SystemExit(main())
