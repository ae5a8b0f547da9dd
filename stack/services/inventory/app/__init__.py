"""inventory: what is there to sell, how much of it, and what is set aside for orders."""
