"""ffmpeg and ffprobe as child processes that a hostile file cannot lead astray."""

from media.adapters.ffmpeg.tools import Limits, Tools, ToolsMissingError, find_tools
from media.adapters.ffmpeg.transcoder import Ffmpeg

__all__ = ["Ffmpeg", "Limits", "Tools", "ToolsMissingError", "find_tools"]
