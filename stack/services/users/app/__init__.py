"""users: who may order. CRUD over HTTP, reads over gRPC; PostgreSQL, with a Redis cache for single users."""
