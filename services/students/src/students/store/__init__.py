"""Tables and set-based queries of the students schema."""
