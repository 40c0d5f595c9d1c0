"""Commands of the storage-janitor."""
