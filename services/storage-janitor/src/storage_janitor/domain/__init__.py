"""Rules of the storage-janitor: no I/O."""
