"""meshctl: a local control plane for microservices on containers."""

__version__ = "0.1.0"
