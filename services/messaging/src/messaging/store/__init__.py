"""Tables and set-based queries of the messaging schema."""
