"""The routes of the media API, a blueprint per file."""

from media.http.access import access
from media.http.hls import hls
from media.http.playback import playback
from media.http.stats import stats
from media.http.uploads import uploads
from media.http.videos import settings, videos

# in the order of the README
BLUEPRINTS = (uploads, videos, settings, playback, hls, access, stats)
