"""Encoding a video: its job, the steps of one attempt, and what mends a job that got stuck."""
