"""The students service: one record per person, parents, accounts."""
