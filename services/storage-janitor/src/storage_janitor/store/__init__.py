"""Tables and set-based queries of the storage-janitor."""
