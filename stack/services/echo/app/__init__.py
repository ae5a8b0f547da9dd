"""echo: says back what it hears, over gRPC, in all four kinds of a call."""
