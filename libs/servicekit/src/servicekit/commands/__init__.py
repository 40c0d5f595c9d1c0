"""The commands that every service has, a module each, so that a process loads only what it runs."""
