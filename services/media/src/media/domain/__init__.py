"""Pure rules of videos, uploads, jobs and playback: standard library only."""
