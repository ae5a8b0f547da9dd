"""Where Docker is: DOCKER_HOST, else the current docker context, else the local socket."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshctl.errors import RuntimeUnavailable

DEFAULT_URL = "unix:///var/run/docker.sock"
_HOST = r"(?:[\w.-]+|\[[0-9A-Fa-f:.%]+\])"
#: Patterns stay text until they are needed.
_ADDRESS = (
    rf"unix://(?:/.*)?|(?:tcp|https?)://(?:{_HOST}?:\d{{1,5}}(?:/.*)?|{_HOST}(?:/.*)?)?"
    rf"|ssh://(?:[^/@]+@)?[^/@]+(?:/.*)?"
)
_FORMS = "Write unix:///var/run/docker.sock, tcp://HOST:2375 or ssh://USER@HOST, or unset it for the local engine."


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` as Docker writes it; ``tls``: the connection is encrypted; ``chosen``: someone named it.

    ``wrong`` says why that is no address and ``mend`` what to do; both are '' for one that can be tried.
    """

    url: str
    tls: bool = False
    chosen: bool = False
    wrong: str = ""
    mend: str = ""

    @property
    def scheme(self) -> str:
        """``unix``, ``tcp``, ``ssh`` …"""
        return self.url.partition("://")[0]

    @property
    def plain(self) -> bool:
        """Whether the standard library alone can talk to it."""
        return bool(self.wrong) or (not self.tls and self.scheme in ("unix", "tcp", "http"))

    @property
    def socket_path(self) -> str:
        """The path of a ``unix`` address."""
        return "/" + (self.url.removeprefix("unix://").lstrip("/") or DEFAULT_URL.removeprefix("unix:///"))

    @property
    def host_port(self) -> tuple[str, int]:
        """Host and port of a ``tcp`` address; 2375 when none is given."""
        authority = self.url.partition("://")[2].partition("/")[0]
        host, colon, port = authority.rpartition(":")
        if not colon or not port.isdecimal():
            return authority.strip("[]") or "localhost", 2375
        return host.strip("[]") or "localhost", int(port)

    def check(self) -> None:
        """Raises RuntimeUnavailable for what is no address."""
        if self.wrong:
            raise RuntimeUnavailable(self.wrong, hint=self.mend)


def resolve(environ: Mapping[str, str] | None = None) -> Address:
    """The address this environment names, by the same rules as the ``docker`` command."""
    env = os.environ if environ is None else environ
    host = env.get("DOCKER_HOST", "").strip()
    if host:
        certified = bool(env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_CERT_PATH"))
        return _address(host, f"DOCKER_HOST={host}", certified=certified)
    folder = Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "~").expanduser() / ".docker")
    context, said = env.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not context:
        current = _read(folder / "config.json").get("currentContext")
        context, said = current if isinstance(current, str) else "", f"currentContext of {folder / 'config.json'}"
    return Address(DEFAULT_URL) if context in ("", "default") else _of_context(context, said, folder)


def _of_context(context: str, said: str, folder: Path) -> Address:
    from hashlib import sha256

    contexts = folder / "contexts" / "meta"
    meta = _read(contexts / sha256(context.encode()).hexdigest() / "meta.json")
    if not meta:
        there = ["default", *sorted(str(_read(file).get("Name") or "") for file in contexts.glob("*/meta.json"))]
        return Address(
            f"context {context}",
            chosen=True,
            wrong=f"There is no Docker context '{context}' ({said}); there are: {', '.join(filter(None, there))}.",
            mend="`docker context use NAME` chooses another."
            if said != "DOCKER_CONTEXT"
            else "Set DOCKER_CONTEXT to one of them, or unset it.",
        )
    endpoint = (meta.get("Endpoints") or {}).get("docker") or {}
    url = str(endpoint.get("Host") or DEFAULT_URL)
    return Address(DEFAULT_URL) if url == DEFAULT_URL else _address(url, f"the Docker context '{context}' with {url}")


def _address(written: str, said: str, *, certified: bool = False) -> Address:
    url = written if "://" in written else f"tcp://{written}"
    tls = url.startswith("https://") or (certified and url.startswith("tcp://"))
    if re.fullmatch(_ADDRESS, url) and _port_of(url) <= 65535:
        return Address(url, tls=tls, chosen=True)
    path = written.removeprefix("unix:")
    near = f"Did you mean unix://{path}?" if path.startswith("/") and "://" not in written else _FORMS
    return Address(url, chosen=True, wrong=f"No engine can be reached by {said}: that is no address.", mend=near)


def _port_of(url: str) -> int:
    port = url.rpartition(":")[2].partition("/")[0]
    return int(port) if port.isdecimal() else 0


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
