"""Commands of the messaging context."""
