"""What this context needs of the outside world, for real."""
