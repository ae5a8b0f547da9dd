"""The database `orders`: each function or method is one transaction."""
