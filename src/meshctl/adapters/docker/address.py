"""Where Docker is: DOCKER_HOST, else the current docker context, else the local socket."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_URL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` as Docker writes it; ``tls``: the connection is encrypted; ``chosen``: someone named it."""

    url: str
    tls: bool = False
    chosen: bool = False

    @property
    def scheme(self) -> str:
        """``unix``, ``tcp``, ``ssh`` …"""
        return self.url.partition("://")[0]

    @property
    def plain(self) -> bool:
        """Whether the standard library alone can talk to it."""
        return not self.tls and self.scheme in ("unix", "tcp", "http")

    @property
    def socket_path(self) -> str:
        """The path of a ``unix`` address."""
        return "/" + self.url.removeprefix("unix://").lstrip("/")

    @property
    def host_port(self) -> tuple[str, int]:
        """Host and port of a ``tcp`` address; 2375 when none is given."""
        authority = self.url.partition("://")[2].partition("/")[0]
        host, colon, port = authority.rpartition(":")
        if not colon or not port.isdecimal():
            return authority.strip("[]"), 2375
        return host.strip("[]"), int(port)


def resolve(environ: Mapping[str, str] | None = None) -> Address:
    """The address this environment names, by the same rules as the ``docker`` command."""
    env = os.environ if environ is None else environ
    host = env.get("DOCKER_HOST", "").strip()
    if host:
        url = host if "://" in host else f"tcp://{host}"
        certified = bool(env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_CERT_PATH"))
        tls = url.startswith("https://") or (certified and url.startswith("tcp://"))
        return Address(url, tls=tls, chosen=True)
    folder = Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "~").expanduser() / ".docker")
    url = _context_url(env.get("DOCKER_CONTEXT", ""), folder)
    return Address(url, chosen=True) if url and url != DEFAULT_URL else Address(DEFAULT_URL)


def _context_url(name: str, folder: Path) -> str:
    context = name or str(_read(folder / "config.json").get("currentContext") or "")
    if context in ("", "default"):
        return ""
    from hashlib import sha256

    meta = _read(folder / "contexts" / "meta" / sha256(context.encode()).hexdigest() / "meta.json")
    endpoint = (meta.get("Endpoints") or {}).get("docker") or {}
    return str(endpoint.get("Host") or "")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
