"""Rules of messaging, without I/O."""
