"""A module per command: `add_arguments(parser)`, and `run(call)`, which answers the exit code."""
