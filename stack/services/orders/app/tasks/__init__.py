"""What goes on between requests."""
