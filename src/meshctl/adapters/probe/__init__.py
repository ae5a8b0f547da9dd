"""meshctl's own readiness checks: one short question to one instance, and what its sockets tell when it fails."""
