"""The media service: lecture videos: upload to R2, HLS encoding, protected playback."""
