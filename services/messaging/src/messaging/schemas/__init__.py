"""What the routes take and give, a file per blueprint."""
