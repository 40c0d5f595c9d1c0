"""Pure rules of the students context."""
