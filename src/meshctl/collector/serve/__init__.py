"""The query API: this project's own, and Jaeger's."""
