"""deploy/aws: its generated templates, its stacks in their order, its secrets, a release."""
