"""What people see of a video before they open it."""

from __future__ import annotations

from servicekit.web import deps, identity

from media.domain.access import viewer_of_staff
from media.ports import Ports
from media.usecases.playback import Playable, poster_link


def poster(video: Playable) -> str | None:
    """The address of the video's poster, signed for the member of staff who asks."""
    who = identity()
    return poster_link(deps(Ports).links, who.tenant_id, video, viewer_of_staff(who.subject))
