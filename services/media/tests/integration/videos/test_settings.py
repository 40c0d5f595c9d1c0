"""An academy's own limits."""

from __future__ import annotations

from typing import Any

SETTINGS = "/api/v1/media/settings/"
GIB = 1 << 30


def test_without_settings_the_defaults_count_and_a_change_changes_what_it_names(
    studio_of: Any, studio: Any
) -> None:
    owner = studio_of(role="owner")
    defaults = {
        "raw_retention_days": 30,
        "max_video_bytes": 20 * GIB,
        "quota_bytes": 500 * GIB,
        "used_bytes": 0,
    }
    assert studio.get(SETTINGS) == defaults
    changed = owner.ask("PATCH", SETTINGS, {"raw_retention_days": 7}).json
    assert changed == {**defaults, "raw_retention_days": 7}
    owner.ask("PATCH", SETTINGS, {"quota_bytes": GIB})
    studio.ready(hls_bytes=50)
    assert studio.get(SETTINGS) == {**changed, "quota_bytes": GIB, "used_bytes": 50 + 32}
    assert studio_of("other").get(SETTINGS) == defaults


def test_another_retention_also_counts_for_what_is_there_and_a_day_remains(
    studio_of: Any, studio: Any
) -> None:
    fresh, old, kept, waiting = studio.ready(), studio.ready(), studio.ready(raw_keep=True), studio.uploaded()
    studio.set(kept, raw_expires_at=None)
    studio.all("UPDATE video SET ready_at = now() - interval '20 days' WHERE id = %s", old)

    studio_of(role="admin").ask("PATCH", SETTINGS, {"raw_retention_days": 10})

    found = studio.all(
        "SELECT id::text, round(extract(epoch FROM raw_expires_at - now()) / 86400) AS days FROM video"
    )
    assert {row["id"]: row["days"] for row in found} == {fresh: 10, old: 1, kept: None, waiting: None}


def test_hostile_settings_and_staff_without_the_right_are_refused(studio_of: Any, studio: Any) -> None:
    wrong: list[Any] = [
        {"raw_retention_days": 0},
        {"raw_retention_days": 366},
        {"raw_retention_days": "7"},
        {"raw_retention_days": None},
        {"max_video_bytes": 1},
        {"max_video_bytes": 101 * GIB},
        {"quota_bytes": -1},
        {"quota_bytes": 2**63},
        {"used_bytes": 0},
        {"tenant_id": "other"},
    ]
    studio_of(role="owner").check_refusals(
        [(("PATCH", SETTINGS, body), 422, "invalid_request") for body in wrong]
    )
    for role in ("teacher", "staff"):
        studio_of(role=role).check_refusals(
            [(("PATCH", SETTINGS, {"raw_retention_days": 7}), 403, "forbidden")]
        )
