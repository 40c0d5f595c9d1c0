"""The outside world: ffmpeg, object storage, other services."""
