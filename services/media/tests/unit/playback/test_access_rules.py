"""Who may watch, and how: the table of reference A6."""

from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest
from media.domain.access import (
    AccessMode,
    Denial,
    Limits,
    Override,
    Standing,
    decide,
    enrollment_of,
    is_revoked,
    policy_of,
    viewer_of_enrollment,
    viewer_of_staff,
)

FREE, CLASS, BLOCKED = AccessMode.FREE_REVIEW, AccessMode.PROCTORED_CLASS, AccessMode.BLOCKED


def standing(**changed):
    usual = {
        "playable": True, "enrolled": True, "in_session": True, "attendance": "ONLINE", "completed": False,
        "override": Override(),
    }  # fmt: skip
    return Standing(**{**usual, **changed})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, CLASS),
        ({"completed": True}, FREE),
        ({"attendance": "PRESENT"}, FREE),
        ({"attendance": "UNSET"}, FREE),
        ({"attendance": None}, FREE),
        ({"override": Override(BLOCKED)}, Denial.BLOCKED),
        ({"override": Override(FREE)}, FREE),
        ({"override": Override(CLASS), "attendance": "PRESENT"}, CLASS),
        ({"override": Override(CLASS), "completed": True}, CLASS),
        ({"override": Override(max_speed=Decimal(2))}, CLASS),
        ({"playable": False}, Denial.VIDEO_NOT_READY),
        ({"playable": False, "override": Override(FREE)}, Denial.VIDEO_NOT_READY),
        ({"playable": False, "override": Override(BLOCKED)}, Denial.BLOCKED),
        ({"in_session": False, "override": Override(FREE)}, Denial.NO_SESSION_ACCESS),
        ({"enrolled": False, "override": Override(FREE)}, Denial.NOT_ENROLLED),
        ({"enrolled": False, "in_session": False, "playable": False}, Denial.NOT_ENROLLED),
    ],
)
def test_the_mode_or_why_not(changed, expected):
    assert decide(standing(**changed)) is expected


def test_nobody_who_is_not_enrolled_in_lecture_and_session_ever_watches():
    for enrolled, in_session, mode, done in product(
        (True, False), (True, False), (None, *AccessMode), (True, False)
    ):
        found = decide(
            standing(enrolled=enrolled, in_session=in_session, completed=done, override=Override(mode))
        )
        assert isinstance(found, Denial) or (enrolled and in_session and mode is not BLOCKED)


VIDEO = {"allow_skip": False, "max_speed": Decimal("1.5"), "show_watermark": False}


@pytest.mark.parametrize(
    ("mode", "override", "video", "expected"),
    [
        (CLASS, {}, {}, (False, Decimal("1.00"), True)),
        (CLASS, {}, {"allow_skip": True}, (True, Decimal("1.00"), True)),
        (FREE, {}, {}, (True, Decimal("1.5"), False)),
        (FREE, {}, {"show_watermark": True}, (True, Decimal("1.5"), True)),
        (
            CLASS,
            {"allow_skip": True, "max_speed": Decimal(2), "show_watermark": False},
            {},
            (True, Decimal(2), False),
        ),
        (
            FREE,
            {"allow_skip": False, "max_speed": Decimal(1), "show_watermark": True},
            {},
            (False, Decimal(1), True),
        ),
    ],
)
def test_the_policy_is_the_mode_s_then_the_video_s_then_the_student_s(mode, override, video, expected):
    found = policy_of(mode, Override(**override), **{**VIDEO, **video})
    assert (found.free_seek, found.max_speed, found.watermark) == expected


@pytest.mark.parametrize(
    ("events", "violations", "ends"),
    [(1, 1, False), (2, 2, False), (3, 3, True), (5, 2, False), (100, 2, False), (100, 3, True)],
)
def test_three_violations_end_a_class_and_the_first_event_never_does(events, violations, ends):
    assert is_revoked(Limits(9999, 9999, 3, 0.5), events, violations) is ends


@pytest.mark.parametrize(
    ("events", "violations", "ends"), [(5, 5, False), (6, 2, False), (6, 3, True), (20, 9, False)]
)
def test_the_share_counts_from_six_events_on(events, violations, ends):
    assert is_revoked(Limits(9999, 9999, 100, 0.5), events, violations) is ends


def test_whose_an_address_is():
    enrollment = UUID("0b7c3f9e-5a3e-4d1e-9f51-3c8e6a5f0a11")
    assert enrollment_of(viewer_of_enrollment(enrollment)) == enrollment
    # the staff's issuer gives subjects of any shape, also ours
    assert enrollment_of(viewer_of_staff(viewer_of_enrollment(enrollment))) is None
    assert viewer_of_staff("auth0|7") == "s:auth0_7"
