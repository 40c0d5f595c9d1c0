"""The storage-janitor service: retention of the four R2 buckets."""
