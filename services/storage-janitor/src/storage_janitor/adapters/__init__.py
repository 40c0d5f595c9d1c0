"""R2, the other services, and the policy file."""
