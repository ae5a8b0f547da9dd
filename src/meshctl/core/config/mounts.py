"""``volumes:`` and ``tmpfs:`` of a service -> mounts, and the top-level ``volumes:``."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from meshctl.core.config.keys import MOUNT, VOLUME
from meshctl.core.config.problems import Wrong
from meshctl.core.config.reader import Reader
from meshctl.core.config.scalars import NO_TEXTS, boolean, choice, describe, filled, one_or_more, text
from meshctl.core.names import nearest
from meshctl.model.config import Mount

_ACCESS = {"ro": True, "rw": False}
#: Options of the short form that are without effect on one Linux machine without SELinux labels.
_NO_EFFECT = frozenset({"z", "Z", "cached", "consistent", "delegated"})


class Mounts:
    """Reads the mounts of services. ``volumes`` are the declared names, ``home`` is for ``~``."""

    def __init__(self, base_dir: str, home: str, volumes: Mapping[str, str]) -> None:
        self._base_dir = base_dir
        self._home = home
        self._volumes = volumes

    def read(self, service: Reader) -> tuple[Mount, ...]:
        """The mounts of one service, in the order of the file."""
        mounts: list[Mount] = []
        targets: dict[str, str] = {}
        for value, path in service.items("volumes"):
            mount = self._one(service, value, path)
            if mount is None:
                continue
            if mount.target in targets:
                service.problems.add(path, f"{mount.target} is mounted twice (see {targets[mount.target]})")
            targets[mount.target] = path
            mounts.append(mount)
        for target in service.get("tmpfs", one_or_more(_tmpfs), NO_TEXTS):
            mounts.append(Mount("tmpfs", "", target))
        return tuple(mounts)

    def _one(self, service: Reader, value: object, path: str) -> Mount | None:
        if isinstance(value, dict):
            return self._long(Reader(value, path, MOUNT, service.problems))
        return service.converted(value, path, self._short, None)

    def _short(self, value: object) -> Mount:
        if not isinstance(value, str):
            raise Wrong(f"expected a volume such as data:/data or a mapping with target:, found {describe(value)}")
        source, colon, rest = value.partition(":")
        if not colon:
            raise Wrong(
                f"the volume {value} has no name, and would be lost with its container",
                hint=f"Write NAME:{value} and NAME under the top-level volumes:.",
            )
        target, _, options = rest.partition(":")
        if not source:
            raise Wrong(f"expected a volume such as data:/data, found {describe(value)}")
        kind = "bind" if source[0] in "./~" else "volume"
        return Mount(kind, self._source(kind, source), _target(target), _read_only(options))

    def _long(self, mount: Reader) -> Mount | None:
        kind = mount.get("type", choice(("volume", "bind", "tmpfs")), "")
        target = mount.get("target", _target, "")
        if not kind or not target:
            return None
        source = mount.get("source", text, "")
        if kind == "tmpfs":
            if source:
                mount.wrong("source", "a tmpfs has no source")
            return Mount(kind, "", target)
        if not source:
            mount.wrong("", f"'source' is missing: {kind} mounts need one")
            return None
        resolved = mount.get("source", lambda value: self._source(kind, text(value)), "")
        return Mount(kind, resolved, target, mount.get("read_only", boolean, False))

    def _source(self, kind: str, source: str) -> str:
        if kind == "bind":
            return absolute(source, self._base_dir, self._home)
        if source not in self._volumes:
            raise Wrong(
                f"the volume '{source}' is not declared",
                nearest=nearest(source, self._volumes),
                hint=f"Add '{source}: {{}}' under the top-level volumes:, or write ./{source} for a directory.",
            )
        return source


def absolute(path: str, base_dir: str, home: str = "") -> str:
    """``path`` as an absolute one: ``~`` is ``home``, anything relative starts at ``base_dir``. Raises Wrong."""
    if path == "~" or path.startswith("~/"):
        if not home:
            raise Wrong(f"'{path}' needs HOME, which is not set")
        path = home + path[1:]
    return posixpath.normpath(posixpath.join(base_dir, path))


def read_volumes(root: Reader) -> dict[str, str]:
    """Declared volumes: name -> the runtime's name when external, else ''."""
    volumes: dict[str, str] = {}
    for name, value, path in root.entries("volumes"):
        volume = Reader({} if value is None else value, path, VOLUME, root.problems)
        external = volume.get("external", boolean, False)
        own_name = volume.get("name", filled, "")
        if own_name and not external:
            volume.wrong("name", "'name' without external: true is not supported yet by meshctl")
        volumes[name] = (own_name or name) if external else ""
    return volumes


def _target(value: object) -> str:
    target = text(value)
    if not target.startswith("/"):
        raise Wrong(f"expected an absolute path in the container, found {describe(value)}")
    return posixpath.normpath(target)


def _tmpfs(value: object) -> str:
    if ":" in text(value):
        raise Wrong("options of a tmpfs are not supported yet by meshctl")
    return _target(value)


def _read_only(options: str) -> bool:
    read_only = False
    for option in options.split(",") if options else ():
        if option in _ACCESS:
            read_only = _ACCESS[option]
        elif option not in _NO_EFFECT:
            raise Wrong(f"unknown option '{option}' of a volume", nearest=nearest(option, _ACCESS))
    return read_only
