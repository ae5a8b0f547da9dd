"""Orders: takes an order, makes sure it can be kept, and tells the others."""
