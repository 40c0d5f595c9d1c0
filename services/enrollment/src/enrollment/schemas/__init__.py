"""Request and answer schemas."""
