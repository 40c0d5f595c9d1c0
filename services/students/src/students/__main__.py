"""`students api | worker | migrate | settings`."""

from servicekit.cli import service_main

from students.settings import Settings
from students.worker import build_worker


def main() -> int:
    return service_main(
        "students", create_app="students.app:create_app", build_worker=build_worker, settings=Settings
    )


if __name__ == "__main__":
    raise SystemExit(main())
