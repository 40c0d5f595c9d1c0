"""Requests and answers of the storage-janitor."""
