"""SQLAlchemy tables and set-based queries, one module per part of the context."""
